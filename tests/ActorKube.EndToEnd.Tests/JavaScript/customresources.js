// Defines a kind and works with its objects by the official JavaScript client: object API, custom objects API and informer; prints one line per step and ends with "ok".
// usage: node customresources.js <kubeconfig> <namespace>
import assert from 'node:assert/strict';
import * as k8s from '@kubernetes/client-node';

const [kubeconfig, namespace] = process.argv.slice(2);
const config = new k8s.KubeConfig();
config.loadFromFile(kubeconfig);
const extensions = config.makeApiClient(k8s.ApiextensionsV1Api);
const customs = config.makeApiClient(k8s.CustomObjectsApi);
const objects = k8s.KubernetesObjectApi.makeApiClient(config);
const group = `js-${namespace}.example.com`;
const [version, plural, kind] = ['v1', 'lamps', 'Lamp'];
const type = { group, version, namespace, plural };

// Waits until something holds; the test's own time limit ends a wait in vain.
const until = async (what, holds) => {
  while (!(await holds())) await new Promise((resolve) => { setTimeout(resolve, 50); });
  console.log(what);
};

await extensions.createCustomResourceDefinition({
  body: {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, kind },
      versions: [{
        name: version,
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', required: ['watts'], properties: { watts: { type: 'integer', minimum: 1 }, color: { type: 'string', _default: 'white' } } },
              status: { type: 'object', properties: { lit: { type: 'boolean' } } },
            },
          },
        },
      }],
    },
  },
});
await until('established', async () => (await extensions.readCustomResourceDefinition({ name: `${plural}.${group}` })).status?.conditions?.some((c) => c.type === 'Established' && c.status === 'True'));

const events = [];
const path = `/apis/${group}/${version}/namespaces/${namespace}/${plural}`;
const informer = k8s.makeInformer(config, path, () => customs.listNamespacedCustomObject(type));
informer.on('add', (o) => events.push(`add ${o.metadata.name} ${o.spec.watts} ${o.spec.color}`));
informer.on('update', (o) => events.push(`update ${o.metadata.name} ${o.spec.watts} ${o.status?.lit ?? ''}`));
informer.on('delete', (o) => events.push(`delete ${o.metadata.name}`));
informer.on('error', (error) => { if (error?.name !== 'AbortError') throw error; });
await customs.createNamespacedCustomObject({ ...type, body: { apiVersion: `${group}/${version}`, kind, metadata: { name: 'hall' }, spec: { watts: 7 } } });
await informer.start();
await until('informer lists what is there', () => informer.get('hall', namespace)?.spec.color === 'white');

const desk = { apiVersion: `${group}/${version}`, kind, metadata: { name: 'desk', namespace } };
const created = await objects.create({ ...desk, spec: { watts: 5, color: 'warm' } });
assert.ok(created.metadata.uid);
await assert.rejects(objects.create({ ...desk, metadata: { name: 'dark', namespace }, spec: { watts: 0 } }), (error) => error.code === 422);
console.log('a bad one: 422');
const read = await objects.read(desk);
assert.equal(read.spec.color, 'warm');
const patched = await objects.patch({ ...desk, spec: { watts: 9 } }, undefined, undefined, undefined, undefined, k8s.PatchStrategy.MergePatch);
assert.equal(patched.spec.watts, 9);
const lit = await customs.patchNamespacedCustomObjectStatus({ ...type, name: 'desk', body: [{ op: 'add', path: '/status', value: { lit: true } }] });
assert.equal(lit.status.lit, true);
const replaced = await objects.replace({ ...lit, spec: { ...lit.spec, watts: 11 }, status: { lit: false } });
assert.deepEqual([replaced.spec.watts, replaced.status.lit, replaced.metadata.generation], [11, true, 3]);
const list = await objects.list(`${group}/${version}`, kind, namespace);
assert.deepEqual(list.items.map((o) => o.metadata.name).sort(), ['desk', 'hall']);
console.log('object API: create, read, patch, replace, list');
await objects.delete(desk);
await until('informer saw it all', () => events.at(-1) === 'delete desk');
assert.deepEqual(events, ['add hall 7 white', 'add desk 5 warm', 'update desk 9 ', 'update desk 9 true', 'update desk 11 true', 'delete desk']);
assert.equal(informer.get('desk', namespace), undefined);
await informer.stop();
await extensions.deleteCustomResourceDefinition({ name: `${plural}.${group}` });
await until('definition gone', () => extensions.readCustomResourceDefinition({ name: `${plural}.${group}` }).then(() => false, (error) => error.code === 404));
console.log('ok');
process.exit(0);
