// What the page shows of each class, and what can be done to its objects.

// Text is never taken for markup.
export function element (name, properties, ...children) {
  const e = Object.assign(document.createElement(name), properties)
  e.append(...children)
  return e
}

function bytes (n) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let unit = 0
  while (n >= 1024 && unit < units.length - 1) {
    n /= 1024
    unit++
  }
  return `${Number(n.toFixed(n < 10 ? 1 : 0))} ${units[unit]}`
}

const share = (part, whole) => whole > 0 ? part / whole : 0
const meter = value => element('meter', { value, high: 0.85, title: Math.round(value * 100) + ' %' })

function button (text, enabled, onclick) {
  return element('button', { disabled: !enabled, onclick }, text)
}

// A menu that acts when something is chosen.
function menu (title, choices, onchoice) {
  const select = element('select', { ariaLabel: title },
    element('option', { value: '' }, title + ' …'),
    ...choices.map(([value, text]) => element('option', { value }, text)))
  select.onchange = () => {
    const value = select.value
    select.value = ''
    select.blur()
    onchoice(value)
  }
  return select
}

const VM_TONES = { Running: 'good', Paused: 'wait', Suspended: 'wait' }
// Button, operation, message, parameters after the machine.
const VM_ACTS = [
  ['Start', 'start', 'VM.start', [false, false]],
  ['Resume', 'resume', 'VM.resume', [false, false]],
  ['Unpause', 'unpause', 'VM.unpause', []],
  ['Stop', 'hard_shutdown', 'VM.hard_shutdown', []]
]

function vmActs (vm, ref, pool) {
  const may = op => vm.allowed_operations.includes(op)
  const others = pool.all('host').filter(h => h.ref !== vm.resident_on && h.enabled)
  const acts = VM_ACTS.filter(([, op]) => may(op)).map(([text, , method, more]) =>
    button(text, true, () => pool.act(`${text} ${vm.name_label}`, method, ref, ...more)))

  acts.push(button('Snapshot', may('snapshot'), () => pool.act(
    `Snapshot of ${vm.name_label}`, 'VM.snapshot', ref,
    `${vm.name_label} ${new Date().toISOString()}`)))
  if (may('pool_migrate') && others.length) {
    acts.push(menu('Migrate', others.map(h => [h.ref, h.name_label]),
      host => pool.act(`Migration of ${vm.name_label}`, 'VM.pool_migrate', ref, host, { live: 'true' })))
  }
  return acts
}

function hostLive (host, pool) {
  return pool.get(host.metrics)?.live ?? true
}

export const sections = [
  {
    kind: 'pool',
    title: 'Pools',
    show: (p, ref, pool) => ({
      state: p.ha_enabled ? 'HA' : 'up',
      tone: 'good',
      more: [`master ${pool.get(p.master)?.name_label ?? '?'}`],
      acts: []
    })
  }, {
    kind: 'host',
    title: 'Hosts',
    show: (host, ref, pool) => {
      const { memory_total: total, memory_free: free } = pool.get(host.metrics) ?? {}
      const live = hostLive(host, pool)
      const toggle = host.enabled ? 'disable' : 'enable'
      return {
        state: !live ? 'down' : host.enabled ? 'enabled' : 'disabled',
        tone: !live ? 'bad' : host.enabled ? 'good' : 'wait',
        more: [meter(share(total - free, total)),
          `${bytes(total ?? 0)}, ${host.host_CPUs.length || host.cpu_info.cpu_count || '?'} CPUs, ${host.address}`],
        acts: [button(toggle, live, () => pool.act(`${toggle} ${host.name_label}`, 'host.' + toggle, ref))]
      }
    }
  }, {
    kind: 'vm',
    title: 'Machines',
    wanted: vm => !vm.is_a_template && !vm.is_control_domain && !vm.is_a_snapshot,
    show: (vm, ref, pool) => ({
      state: vm.power_state,
      tone: VM_TONES[vm.power_state] ?? '',
      more: [`${vm.VCPUs_at_startup} vCPU, ${bytes(vm.memory_static_max)}`,
        vm.snapshots.length ? `, ${vm.snapshots.length} snapshots` : '',
        pool.get(vm.resident_on) ? ` on ${pool.get(vm.resident_on).name_label}` : ''],
      acts: vmActs(vm, ref, pool)
    })
  }, {
    kind: 'sr',
    title: 'Storage',
    show: sr => ({
      state: sr.type,
      tone: sr.PBDs.length ? 'good' : '',
      more: [meter(share(sr.physical_utilisation, sr.physical_size)),
        `${bytes(Math.max(0, sr.physical_utilisation))} of ${bytes(Math.max(0, sr.physical_size))}, ${sr.VDIs.length} disks`],
      acts: []
    })
  }, {
    kind: 'network',
    title: 'Networks',
    show: net => ({
      state: net.bridge,
      tone: net.PIFs.length ? 'good' : '',
      more: [`MTU ${net.MTU}, ${net.VIFs.length} interfaces`],
      acts: []
    })
  }, {
    kind: 'task',
    title: 'Tasks',
    show: (task, ref, pool) => ({
      state: task.status,
      tone: { pending: 'wait', success: 'good', failure: 'bad' }[task.status] ?? '',
      more: [element('progress', { value: task.progress }), task.error_info.join(' ')],
      acts: task.status === 'pending'
        ? [button('Cancel', task.allowed_operations.includes('cancel'),
            () => pool.act('Cancel ' + task.name_label, 'task.cancel', ref))]
        : []
    })
  }
]

// Fields whose change is worth a line.
const TOLD = {
  vm: ['power_state', 'name_label', 'resident_on'],
  host: ['enabled', 'name_label'],
  pool: ['name_label', 'master', 'ha_enabled'],
  sr: ['name_label'],
  network: ['name_label']
}
const NOUNS = { vm: 'machine', host: 'host', sr: 'storage', network: 'network', pool: 'pool' }

// One line about an event, or ''.
export function describe (kind, before, after) {
  if (kind === 'message') return before || !after ? '' : `alert ${after.name}: ${after.body}`
  if (!NOUNS[kind]) return ''
  const name = `${NOUNS[kind]} ${(after ?? before)?.name_label ?? ''}`
  if (!before) return name + ' appeared'
  if (!after) return name + ' is gone'
  return TOLD[kind].filter(f => before[f] !== after[f] && f !== 'resident_on')
    .map(f => `${name}: ${f} ${before[f]} → ${after[f]}`).join('; ')
}
