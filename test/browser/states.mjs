// Every state of a payment link as a payer sees it on a phone, each looked at
// once: what is in the way before he chooses, and every end. Driven by
// cmd/skinrail/states_test.go.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { call, given, id, look, phone, play, visit, wait } from './browser.mjs'

const run = promisify(execFile)
const world = await (await fetch(given.gateway + '/sandbox/world')).json()
const payer = (persona) => world.accounts.find((a) => a.persona === persona)
let count = 0

async function api(params, shop = given) {
  const answer = await (await fetch(given.gateway + '/api.php', { method: 'POST', body: JSON.stringify(params),
    headers: { 'x-client-id': shop.client_id, 'x-client-secret': shop.client_secret, 'content-type': 'application/json' } })).json()
  assert.notEqual(answer.status, 'error', `${params.method}: ${JSON.stringify(answer)}`)
  return answer
}

async function sim(path, body) {
  const r = await fetch(given.steam + '/sim' + path, { method: 'POST', body: JSON.stringify(body) })
  assert.equal(r.status, 200, `${path}: ${await r.text()}`)
}

const open = (persona, more = {}, shop = given) => api({ method: 'create', order_id: `state-${++count}`,
  steam_id: payer(persona).steam_id, trade_token: payer(persona).trade_token, ...more }, shop)

const context = await visit({ viewport: phone, hasTouch: true, isMobile: true })
const page = await context.newPage()

// reviewed opens a link and chooses the cheapest item.
async function reviewed(persona, more, shop) {
  const d = await open(persona, more, shop)
  await page.goto(d.url)
  await page.locator('html.js [data-testid="review"]:disabled').waitFor()
  await id(page, 'sort').selectOption('cheap')
  await page.locator('[data-testid="item"]:has(input:not(:disabled))').first().click()
  await id(page, 'review').click()
  await page.locator('dialog [data-testid="send"]').waitFor()
  return d
}

// chosen is reviewed, and asks for the offer.
async function chosen(persona, more, shop) {
  const d = await reviewed(persona, more, shop)
  await page.locator('dialog [data-testid="send"]').click()
  return d
}

// offered is chosen, until the offer stands.
async function offered(persona, more, shop) {
  const d = await chosen(persona, more, shop)
  await wait(page, 'offer-link')
  return { ...d, offer: (await id(page, 'offer-number').innerText()).trim() }
}

const result = (status) => page.locator(`[data-testid="result"][data-status="${status}"]`).waitFor()
const heading = () => page.locator('h1').innerText()

// ways wants the page to lead to exactly these of the places where it may.
async function ways(...names) {
  for (const name of ['again', 'key-page', 'return', 'other-account', 'other-trade-url']) {
    assert.equal(await id(page, name).count(), names.includes(name) ? 1 : 0, `${name} on ${page.url()}`)
  }
}

// problem wants the page to say what is in the way.
async function problem(code) {
  await page.locator(`[data-testid="problem"][data-problem="${code}"]`).waitFor()
  await look(page, `problem-${code}`)
}

async function hindered() {
  await page.goto((await open('New Phone')).url)
  await problem('escrow')
  await ways('other-account', 'other-trade-url')
  await page.goto((await open('Banned Bob')).url)
  await problem('trade_ban')
  await ways('other-account')
  await page.goto((await open('Rust Only')).url.split('?')[0] + '?game=tf2')
  await wait(page, 'empty')
  await look(page, 'empty')
  await sim('/faults', [{ endpoint: 'partnerinventory', kind: 'status', value: '503', count: -1 }])
  await page.goto((await open('Never Answers')).url)
  await problem('steam_unavailable')
  await fetch(given.steam + '/sim/faults', { method: 'DELETE' })
}

async function noBot() {
  for (const bot of world.accounts.filter((a) => a.role === 'bot')) await run(given.binary, ['bot', 'drain', bot.steam_id, '--data', given.data])
  await chosen('Big Inventory')
  await problem('no_bot')
  for (const bot of world.accounts.filter((a) => a.role === 'bot')) await run(given.binary, ['bot', 'enable', bot.steam_id, '--data', given.data])
}

// offers are the offer, and each way in which it comes to nothing.
async function offers() {
  let d = await offered('Casual Carl', { fail_url: 'https://shop.example/again' })
  await look(page, 'offer')
  await call('/sandbox/clock', { advance: '3m' })
  await call(`/sandbox/offers/${d.offer}/decline`)
  await result('fail')
  await look(page, 'declined')
  await ways('again', 'key-page', 'return')

  await chosen('Always Declines') // sooner than a person could
  await result('fail')
  await look(page, 'declined-early')
  assert.match(await heading(), /careful/)

  d = await offered('Casual Carl')
  await call(`/sandbox/offers/${d.offer}/cancel`)
  await result('fail')
  await look(page, 'withdrawn')
  await ways('key-page')
  const [steam] = await Promise.all([context.waitForEvent('page'), id(page, 'key-page').click()])
  await steam.waitForURL((u) => u.href.startsWith(given.steam))
  await steam.close()
  assert.match(await heading(), /careful/)

  d = await offered('Casual Carl')
  await call('/sandbox/clock', { advance: '65m' })
  await result('fail')
  await look(page, 'timeout')
  await ways('again')
}

// unclear is an offer of which nobody knows whether it was made. An idle bot
// looks at its offers every 45 seconds: here just before Steam stops answering,
// so that none is known to be out of work.
async function unclear() {
  await reviewed('Collector Kim')
  await call('/sandbox/clock', { advance: '50s' })
  await sim('/faults', [{ endpoint: 'send', kind: 'drop', when: 'after', count: 1 }, { endpoint: 'offers', kind: 'status', value: '503', count: -1 }])
  await page.locator('dialog [data-testid="send"]').click()
  await page.getByRole('heading', { name: 'Checking with Steam' }).waitFor()
  await look(page, 'unclear')
  await fetch(given.steam + '/sim/faults', { method: 'DELETE' })
  await wait(page, 'offer-link')
}

async function ends() {
  let d = await offered('Collector Kim')
  await call(`/sandbox/deposits/${d.transaction_id}/in_hold`)
  await result('in_hold')
  await look(page, 'held')
  await call(`/sandbox/deposits/${d.transaction_id}/reversed`)
  await page.reload() // which asks seldom while it is held
  await result('fail')
  await look(page, 'reversed')
  await ways('key-page')

  d = await offered('Never Answers')
  await call(`/sandbox/deposits/${d.transaction_id}/in_hold`)
  await api({ method: 'offer_approve', transaction_id: d.transaction_id })
  await page.reload()
  await result('hold_approved')
  await look(page, 'approved')
  await call(`/sandbox/deposits/${d.transaction_id}/reversed`)
  await page.reload()
  await result('hold_returned')
  await look(page, 'returned')
}

// longNames are names that fill their lines, in the dark.
async function longNames() {
  const long = 'The Very Long Named Emporium Of Extraordinarily Fine Weapon Finishes, Gloves & Knives'
  const shop = await call('/sandbox/projects', { name: long })
  await sim(`/accounts/${payer('Knife Nell').steam_id}`, { persona: 'xX_TheOneAndOnly_WWWWWWWWWWWWWWWWWWWWWWWWWWW_Xx' })
  await page.emulateMedia({ colorScheme: 'dark' })
  await offered('Knife Nell', { min_amount: '0.01', max_amount: '1000000', currency: 'rub' }, shop)
  await look(page, 'long-offer')
  await page.goto((await open('Knife Nell', { currency: 'kzt' }, shop)).url)
  await wait(page, 'item')
  await look(page, 'long-items')
  await page.emulateMedia({ colorScheme: null })
}

await play({ hindered, unclear, offers, ends, longNames, noBot })
