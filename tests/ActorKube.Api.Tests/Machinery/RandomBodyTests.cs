using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using CsCheck;

namespace ActorKube.Api.Tests.Machinery;

public class RandomBodyTests
{
    private static readonly Type[] Kinds = [.. KindRegistry.BuiltIn.All.Where(k => k.IsStored && k.ClrType is not null).Select(k => k.ClrType!).Distinct()];

    [Fact]
    public void A_body_is_decoded_or_refused_with_a_reason_but_never_breaks_the_decoder() => Gen.Select(Gen.Int[0, Kinds.Length - 1], Gen.Int).Sample(
        (kind, seed) =>
        {
            var body = new RandomBodies(seed, 0.02).Of(Kinds[kind]);
            var decoded = StrictDecoder.Decode(body, Kinds[kind]);
            return (decoded.Value is null) != (decoded.Error is null);
        },
        iter: 3000);

    [Fact]
    public void A_right_body_is_decoded_and_comes_back_the_same() => Gen.Select(Gen.Int[0, Kinds.Length - 1], Gen.Int).Sample(
        (kind, seed) =>
        {
            var body = new RandomBodies(seed, 0).Of(Kinds[kind]);
            var decoded = StrictDecoder.Decode(body, Kinds[kind]);
            Assert.Null(decoded.Error);
            Assert.Empty(decoded.Strict);
            var again = StrictDecoder.Decode(ApiJson.Serialize(decoded.Value!), Kinds[kind]);
            Assert.Null(again.Error);
            return SemanticEquality.Equal(decoded.Value, again.Value);
        },
        iter: 2000);

    [Fact]
    public void A_patch_is_applied_or_refused_but_never_breaks() => Gen.Select(Gen.Int[0, Kinds.Length - 1], Gen.Int, Gen.Int).Sample(
        (kind, first, second) =>
        {
            var original = new RandomBodies(first, 0).Of(Kinds[kind]);
            var patch = new RandomBodies(second, 0.01).Of(Kinds[kind]);
            try
            {
                var result = Patch.ApplyTo(original, Patch.Strategic, patch, Kinds[kind]);
                return StrictDecoder.Decode(result, Kinds[kind]).Strict.Count == 0;
            }
            catch (ApiException e)
            {
                return e.Code is 400 or 422;
            }
        },
        iter: 3000);
}
