// The page on /: a pool, live through event.from. No framework.
import { describe, element, sections } from '/web/sections.js'

const WAIT_S = 30
const RETRY_MS = 1000
const ROWS_SHOWN = 100
const LOG_LINES = 200
const $ = id => document.getElementById(id)

let session = sessionStorage.session
let known = new Map() // reference -> { kind, record }
const rows = new Map() // reference -> element
const ours = new Set() // tasks that this page started

class Refused extends Error {
  constructor (words) {
    super(words.join(' '))
    this.code = words[0]
  }
}

async function rpc (method, params) {
  const answer = await fetch('/jsonrpc', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  })
  const { result, error } = await answer.json()
  if (error) throw new Refused([error.message, ...(error.data ?? [])])
  return result
}

const call = (method, ...params) => rpc(method, [session, ...params])

function log (text, bad) {
  const now = new Date().toLocaleTimeString([], { hour12: false })
  $('log').prepend(element('li', { className: bad ? 'bad' : '' },
    element('time', {}, now), text))
  while ($('log').children.length > LOG_LINES) $('log').lastChild.remove()
}

// Starts work in the background; its task tells how it ends.
async function act (title, method, ...params) {
  log(title + ' …')
  try {
    const task = await call('Async.' + method, ...params)
    ours.add(task)
    settle(task)
  } catch (e) {
    log(`${title}: ${e.message}`, true)
  }
}

// Says how a task of ours ended, once, and forgets it.
function settle (ref) {
  const task = known.get(ref)?.record
  if (!ours.has(ref) || !task || task.status === 'pending') return
  ours.delete(ref)
  if (task.status !== 'success') {
    const words = task.error_info.map(w => known.get(w)?.record.name_label || w)
    log(`${task.name_label}: ${words.join(' ')}`, true)
  }
  call('task.destroy', ref).catch(e => log(e.message, true))
}

const pool = {
  get: ref => known.get(ref)?.record,
  all: kind => [...known].filter(([, o]) => o.kind === kind)
    .map(([ref, o]) => ({ ref, ...o.record })),
  act
}

// --- Drawing ---

function rowFor (section, ref, record) {
  const { state, tone, more, acts } = section.show(record, ref, pool)
  const row = element('div', { className: 'row' },
    element('span', { className: 'name', title: record.uuid },
      record.name_label || record.uuid),
    element('span', { className: 'state ' + tone }, state),
    element('span', { className: 'more' }, ...more),
    element('span', { className: 'acts' }, ...acts))
  row.dataset.uuid = record.uuid
  return row
}

function matches (record, text) {
  return [record.name_label, record.uuid].some(
    word => word?.toLowerCase().includes(text))
}

function drawSection (section, text) {
  const all = pool.all(section.kind).filter(r => section.wanted?.(r) ?? true)
  const found = all.filter(r => matches(r, text))
    .sort((a, b) => a.name_label.localeCompare(b.name_label, [], { numeric: true }))
  const shown = found.slice(0, ROWS_SHOWN).map(r => {
    if (!rows.has(r.ref)) rows.set(r.ref, rowFor(section, r.ref, r))
    return rows.get(r.ref)
  })
  const rest = found.length - shown.length
  const body = $(section.kind)
  const open = body.contains(document.activeElement) &&
    document.activeElement.tagName === 'SELECT'
  $('count-' + section.kind).textContent = `${section.title} ${all.length}`
  if (open) return // somebody chooses from a list: not under the hand
  body.replaceChildren(element('h2', {}, section.title + ' ',
    element('small', {}, String(all.length))), ...shown)
  if (!found.length) body.append(element('p', { className: 'none' }, 'none'))
  if (rest) body.append(element('p', { className: 'rest' }, `and ${rest} more: filter to see them`))
}

let drawing = 0
function draw () {
  if (drawing) return
  drawing = requestAnimationFrame(() => {
    drawing = 0
    const name = pool.all('pool')[0]?.name_label || 'Touchstone'
    $('title').textContent = document.title = name
    for (const section of sections) drawSection(section, $('filter').value.toLowerCase())
  })
}

function prepare () {
  $('counts').replaceChildren(...sections.map(s =>
    element('a', { href: '#' + s.kind, id: 'count-' + s.kind }, s.title)))
  $('sections').replaceChildren(...sections.map(s =>
    element('section', { id: s.kind })))
}

// --- Following the pool ---

// What a change means for rows that show it, beside its own.
function stale (ref) {
  rows.delete(ref)
  for (const [other] of rows) {
    if (JSON.stringify(known.get(other)?.record ?? '').includes(ref)) rows.delete(other)
  }
}

function take (event, quiet) {
  const before = known.get(event.ref)?.record
  const kind = event.class
  if (event.operation === 'del') known.delete(event.ref)
  else known.set(event.ref, { kind, record: event.snapshot })
  stale(event.ref)
  if (kind === 'host' && event.operation !== 'mod') rows.clear()
  const text = quiet ? '' : describe(kind, before, event.snapshot)
  if (text) log(text)
  settle(event.ref)
}

function signedOut () {
  session = undefined
  sessionStorage.removeItem('session')
  $('page').hidden = true
  $('login').hidden = false
}

async function follow () {
  const classes = ['pool', 'message', 'host_metrics', ...sections.map(s => s.kind)]
  let token = ''
  known = new Map()
  rows.clear()
  while (session) {
    try {
      const news = await call('event.from', classes, token, WAIT_S + 0.1)
      for (const event of news.events) take(event, token === '')
      if (token === '') log(`connected: ${known.size} objects`)
      token = news.token
      $('link').className = ''
      $('link').textContent = 'live'
    } catch (e) {
      if (e.code === 'SESSION_INVALID') return signedOut()
      if (e.code) { // EVENTS_LOST and the like: from the start
        log(e.message, true)
        token = ''
        known.clear()
      }
      $('link').className = 'lost'
      $('link').textContent = 'no answer'
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
    }
    draw()
  }
}

function signedIn () {
  $('login').hidden = true
  $('page').hidden = false
  prepare()
  follow()
}

$('login').addEventListener('submit', async event => {
  event.preventDefault()
  const form = new FormData(event.target)
  try {
    session = await rpc('session.login_with_password',
      [form.get('user'), form.get('password'), '1.0', 'touchstone-web'])
    sessionStorage.session = session
    $('refused').textContent = ''
    signedIn()
  } catch (e) {
    $('refused').textContent = e.message
  }
})
$('logout').addEventListener('click', () => {
  call('session.logout').catch(() => {})
  signedOut()
})
$('filter').addEventListener('input', draw)

if (session) signedIn()
else signedOut()
