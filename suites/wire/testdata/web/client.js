// Calls a server with the npm package grpc-web, as the UI of Kubeflow Pipelines does, and prints what it got as JSON.
//   node client.js URL FORMAT [TOKEN]
// FORMAT is binary or text. The packages are found by NODE_PATH, and the messages in the folder PROTO.
const path = require('path')
const grpcWeb = require('grpc-web')
const protobuf = require('protobufjs')
globalThis.XMLHttpRequest = require('xhr2').XMLHttpRequest

const [url, format, token] = process.argv.slice(2)
const root = new protobuf.Root()
root.resolvePath = (_, file) => {
  if (!file.startsWith('google/')) return path.join(process.env.PROTO, file)
  return protobuf.common.get(file) ? file : path.join(path.dirname(require.resolve('protobufjs')), file)
}
root.loadSync('ml_metadata/proto/metadata_store_service.proto')

const service = 'ml_metadata.MetadataStoreService'
const client = new grpcWeb.GrpcWebClientBase({ format })

// call makes one call and returns the reply, or the code and message of the error.
function call(method, request) {
  const { resolvedRequestType: In, resolvedResponseType: Out } = root.lookupService(service).methods[method].resolve()
  const descriptor = new grpcWeb.MethodDescriptor(
    `/${service}/${method}`, grpcWeb.MethodType.UNARY, In, Out,
    m => In.encode(m).finish(), b => Out.decode(b))
  const metadata = token ? { authorization: 'Bearer ' + token } : {}
  return client.unaryCall(`${url}/${service}/${method}`, In.fromObject(request), metadata, descriptor).then(
    reply => Out.toObject(reply, { longs: Number, enums: String }),
    err => ({ code: err.code, message: err.message }))
}

async function main() {
  const put = await call('PutArtifactType', { artifactType: { name: 'web.Model', properties: { owner: 3 } } })
  if (put.code !== undefined) return { put }
  const typeId = put.typeId
  const artifacts = await call('PutArtifacts', {
    artifacts: [1, 2, 3].map(i => ({
      typeId, name: `modèle ${i}`, uri: 's3://b/' + i, properties: { owner: { stringValue: 'ü'.repeat(50000) } },
    })),
  })
  return {
    put,
    artifacts,
    byType: await call('GetArtifactsByType', { typeName: 'web.Model' }),
    missing: await call('GetArtifactType', { typeName: 'web.Absent' }),
    empty: await call('GetContextByTypeAndName', { typeName: 'web.Absent', contextName: 'x' }),
    filtered: await call('GetArtifacts', { options: { filterQuery: "uri = 's3://b/2'" } }),
    wrong: await call('GetArtifacts', { options: { filterQuery: 'uri ==' } }),
  }
}

main().then(result => {
  for (const list of [result.byType, result.filtered]) {
    for (const a of list?.artifacts ?? []) a.properties.owner.stringValue = a.properties.owner.stringValue.length
  }
  process.stdout.write(JSON.stringify(result))
}, err => { console.error(err); process.exit(1) })
