// Clusters run one after the other: each has the machine to itself, and what is measured means something.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
