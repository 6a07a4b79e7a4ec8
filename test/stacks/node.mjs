// Requests as JavaScript clients really send them, signed by code that shares
// nothing with the gateway, and a verifier of what the gateway sends. Driven by
// cmd/skinrail/stacks_test.go with what it needs as JSON in SKINRAIL_STACKS.
//   node node.mjs calls | vectors   ends with 1 at the first wrong answer
//   node node.mjs verify            reads notifications as JSON lines
import { createHash, createHmac } from 'node:crypto'
import { createInterface } from 'node:readline'
import assert from 'node:assert/strict'
import axios from 'axios'

const given = JSON.parse(process.env.SKINRAIL_STACKS)
const api = given.gateway + '/api.php'

// sign as JavaScript clients do: objects, and so null, are left out; everything
// else is what String makes of it.
function sign(params, secret = given.secret) {
  const text = Object.keys(params).filter((k) => k !== 'sign' && typeof params[k] !== 'object').sort()
    .map((k) => `${k}:${params[k]};`).join('')
  return createHmac('sha1', secret).update(text).digest('hex')
}
const signed = (params) => { const p = { ...params, shopid: Number(given.id) }; return { ...p, sign: sign(p) } }
// Forms carry text, so text is what is signed.
const texts = (params) => signed(Object.fromEntries(Object.entries(params).map(([k, v]) => [k, Array.isArray(v) ? v : String(v)])))

function brackets(form, name, v) {
  if (Array.isArray(v)) v.forEach((e, i) => brackets(form, `${name}[${i}]`, e))
  else if (v !== null && typeof v === 'object') for (const k of Object.keys(v)) brackets(form, `${name}[${k}]`, v[k])
  else form.append(name, String(v))
  return form
}
const fill = (form, params) => Object.entries(params).reduce((f, [k, v]) => brackets(f, k, v), form)

async function read(response) {
  assert.equal(response.status, 200)
  return response.json()
}
const headers = { 'X-CLIENT-ID': given.id, 'X-CLIENT-SECRET': given.secret }
const stacks = {
  'axios json signed': async (p) => (await axios.post(api, signed(p))).data,
  'axios json headers': async (p) => (await axios.post(api, p, { headers })).data,
  'axios form signed': async (p) => (await axios.post(api, texts(p), { headers: { 'content-type': 'application/x-www-form-urlencoded' } })).data,
  'axios multipart signed': async (p) => (await axios.postForm(api, texts(p))).data,
  'fetch json signed': async (p) => read(await fetch(api, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(signed(p)) })),
  'fetch json without content-type': async (p) => read(await fetch(api, { method: 'POST', body: JSON.stringify(signed(p)) })),
  'fetch json on a method path': async (p) => read(await fetch(`${api}/${p.method}`, { method: 'POST', body: JSON.stringify(signed(p)) })),
  'fetch urlencoded signed': async (p) => read(await fetch(api, { method: 'POST', body: fill(new URLSearchParams(), texts(p)) })),
  'fetch multipart signed': async (p) => read(await fetch(api, { method: 'POST', body: fill(new FormData(), texts(p)) })),
  'fetch urlencoded headers': async (p) => read(await fetch(api, { method: 'POST', headers, body: fill(new URLSearchParams(), p) })),
}

async function calls() {
  let n = 0
  for (const [name, send] of Object.entries(stacks)) {
    for (const c of given.calls) {
      const params = JSON.parse(JSON.stringify(c.params).replaceAll('STACK', `node-${name.replaceAll(' ', '-')}`))
      const answer = await send(params)
      assert.equal(answer.status === 'error' ? answer.error_message : '', c.error ?? '', `${name}: ${JSON.stringify(params)}: ${JSON.stringify(answer)}`)
      for (const key of c.has ?? []) assert.ok(key in answer, `${name}: ${params.method} has no ${key}: ${JSON.stringify(answer)}`)
      n++
    }
    const stolen = { ...signed({ method: 'balance' }), method: 'currencies' }
    assert.equal((await axios.post(api, stolen)).data.error_code, -3, `${name}: a changed request`)
  }
  console.log(`${n} calls`)
}

// random is a small generator, so that a printed seed repeats a run.
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

function value(r) {
  const pick = (list) => list[Math.floor(r() * list.length)]
  switch (Math.floor(r() * 10)) {
    case 0: return Math.floor(r() * 1e6) - 5e5
    case 1: return Number((r() * 1000).toFixed(Math.floor(r() * 4)))
    case 2: return r() * 10 ** Math.floor(r() * 30 - 10)
    case 3: return pick([0.1 + 0.2, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 123456789012345680000, -0.5, 0, 1e14, 9007199254740991])
    case 4: return pick([true, false])
    case 5: return null
    case 6: return pick([[], [1, 'a'], { a: 1 }, ['x', { y: [2] }]])
    case 7: return pick(['', '12.50', '★ Karambit | Doppler (Factory New)', 'a:b', '100%', 'ä ö', '日本', '\u{1f600}', '"\\/', 'x y+z&q=1', '\t'])
    default: return Array.from({ length: Math.floor(r() * 20) }, () => String.fromCharCode(32 + Math.floor(r() * 95))).join('').replaceAll(';', '')
  }
}

async function vectors() {
  const r = random(given.seed)
  for (let i = 0; i < given.count; i++) {
    const params = { method: 'currencies' }
    for (let k = Math.floor(r() * 6) + 1; k > 0; k--) params[`p${Math.floor(r() * 1000)}`] = value(r)
    const form = r() < 0.3
    if (form) for (const k of Object.keys(params)) if (params[k] === null) delete params[k]
    const send = form ? stacks['fetch urlencoded signed'] : stacks['fetch json signed']
    const answer = await send(params)
    assert.equal(answer.status, 'success', `vector ${i} of seed ${given.seed}: ${JSON.stringify(params)}: ${JSON.stringify(answer)}`)
    if (i % 4 !== 0) continue // wrong signatures are limited
    const other = { ...signed(params), extra: 'added after signing' }
    assert.equal((await read(await fetch(api, { method: 'POST', body: JSON.stringify(other) }))).error_code, -3)
  }
  console.log(`${given.count} vectors`)
}

async function verify() {
  let n = 0
  for await (const line of createInterface({ input: process.stdin })) {
    const { headers, body } = JSON.parse(line)
    assert.equal(headers['X-Sign'], createHash('md5').update(given.id + given.secret).digest('hex'), 'X-SIGN')
    if (headers.Signature) {
      const mac = createHmac('sha256', given.secret).update(body).digest('hex')
      assert.equal(headers.Signature, mac, body)
      assert.equal(headers.Authorization, mac, body)
    } else {
      const told = headers['Content-Type'].startsWith('application/json') ? JSON.parse(body)
        : Object.fromEntries([...new URLSearchParams(body)].filter(([k]) => !k.includes('[')))
      assert.equal(told.sign, sign(told), body)
    }
    const key = Buffer.from(given.webhook_secret.replace('whsec_', ''), 'base64')
    const standard = createHmac('sha256', key).update(`${headers['Webhook-Id']}.${headers['Webhook-Timestamp']}.${body}`).digest('base64')
    assert.ok(headers['Webhook-Signature'].split(' ').includes(`v1,${standard}`), 'webhook-signature')
    n++
  }
  console.log(`${n} verified`)
}

await { calls, vectors, verify }[process.argv[2]]()
