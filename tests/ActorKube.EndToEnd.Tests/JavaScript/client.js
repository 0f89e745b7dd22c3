// Lists, watches, creates and patches with the official JavaScript client; prints one line per step and ends with "ok".
// usage: node client.js <kubeconfig> <namespace>
import assert from 'node:assert/strict';
import * as k8s from '@kubernetes/client-node';

const [kubeconfig, namespace] = process.argv.slice(2);
const config = new k8s.KubeConfig();
config.loadFromFile(kubeconfig);
const core = config.makeApiClient(k8s.CoreV1Api);
const name = 'from-javascript';

const before = await core.listNamespacedConfigMap({ namespace });
console.log(`list: ${before.items.length} ConfigMaps at ${before.metadata.resourceVersion}`);

const events = [];
let seen;
const done = new Promise((resolve) => { seen = resolve; });
const request = await new k8s.Watch(config).watch(
  `/api/v1/namespaces/${namespace}/configmaps`,
  { resourceVersion: before.metadata.resourceVersion, fieldSelector: `metadata.name=${name}` },
  (type, object) => {
    events.push(`${type} ${object.data?.greeting ?? ''}`);
    if (type === 'DELETED') seen();
  },
  (error) => { if (error && error.name !== 'AbortError') throw error; },
);

const created = await core.createNamespacedConfigMap({ namespace, body: { metadata: { name }, data: { greeting: 'hello' } } });
console.log(`create: ${created.metadata.name} ${created.metadata.uid}`);

const patched = await core.patchNamespacedConfigMap(
  { name, namespace, body: [{ op: 'replace', path: '/data/greeting', value: 'hello again' }] },
);
assert.equal(patched.data.greeting, 'hello again');
console.log(`patch: ${patched.data.greeting}`);

await assert.rejects(core.createNamespacedConfigMap({ namespace, body: { metadata: { name } } }), (error) => error.code === 409);
console.log('create again: 409');

await core.deleteNamespacedConfigMap({ name, namespace });
await done;
request.abort();
assert.deepEqual(events, ['ADDED hello', 'MODIFIED hello again', 'DELETED hello again']);
console.log(`watch: ${events.join(', ')}`);
console.log('ok');
process.exit(0);
