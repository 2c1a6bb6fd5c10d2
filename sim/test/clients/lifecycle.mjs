// Follows a machine through its life with the stock client `xen-api`.
// usage: node lifecycle.mjs URL      prints one line of JSON
import { createClient } from 'xen-api'

const xapi = createClient({
  url: process.argv[2],
  auth: { user: 'root', password: 'x' },
})
await xapi.connect()
await xapi.objectsFetched

const seen = []
const vm = Object.values(xapi.objects.all).find(
  o => o.$type === 'VM' && o.name_label === 'vm0')
const look = async ref => {
  await xapi.barrier(ref)
  return xapi.getObject(ref)
}

await xapi.callAsync('VM.start', vm.$ref, false, false)
seen.push((await look(vm.$ref)).power_state)
const ref = await xapi.callAsync('VM.snapshot', vm.$ref, 'before')
const snapshot = await look(ref)
seen.push(snapshot.is_a_snapshot && snapshot.name_label)
await xapi.callAsync('VM.hard_shutdown', vm.$ref)
seen.push((await look(vm.$ref)).power_state)
await xapi.call('VM.destroy', ref)
await xapi.barrier()
seen.push(xapi.getObject(ref, null) === null)
console.log(JSON.stringify(seen))
await xapi.disconnect()
