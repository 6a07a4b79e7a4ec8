// The payment page as people use it, in a real browser against a running
// sandbox. Driven by cmd/skinrail/browser_test.go. Ends with 1 and a reason when
// something is not as it must be.
import { createServer } from 'node:http'
import assert from 'node:assert/strict'
import { call, given, id, look, patience, phone, play, shots, visit, wait } from './browser.mjs'

// answer opens an offer on the simulated Steam as the payer and presses a button.
async function answer(page, account, button) {
  const [steam] = await Promise.all([page.context().waitForEvent('page'), id(page, 'offer-link').click()])
  await steam.waitForLoadState()
  const choose = steam.locator(`button[name="account"][value="${account}"]`)
  if (await choose.count()) await choose.click()
  await steam.getByRole('button', { name: button }).waitFor()
  await look(steam, 'steam-offer', false)
  await steam.getByRole('button', { name: button }).click()
  await steam.waitForLoadState()
  return steam
}

// A person on a phone goes the whole way; time moves on over the hold and ends
// the other links.
async function wholeWay() {
  const context = await visit({ viewport: phone })
  const page = await context.newPage()
  const outside = []
  const ours = [new URL(given.gateway).host, new URL(given.steam).host]
  context.on('request', (r) => { if (!ours.includes(new URL(r.url()).host) && !r.url().startsWith('data:')) outside.push(r.url()) })

  await page.goto(given.open)
  await wait(page, 'signin')
  await look(page, '1-account')
  await id(page, 'signin').click()
  await page.waitForURL((u) => u.href.startsWith(given.steam))
  await look(page, '2-steam-signin', false)
  await page.locator(`button[name="account"][value="${given.account}"]`).click()

  await wait(page, 'trade-url')
  assert.equal(new URL(page.url()).origin, given.gateway)
  await look(page, '3-trade-url')
  await id(page, 'trade-url').fill('https://steamcommunity.com.evil.example/tradeoffer/new/?partner=1&token=abcdefgh')
  await id(page, 'trade-url-submit').click()
  await wait(page, 'error')
  await id(page, 'trade-url').fill(`https://steamcommunity.com/tradeoffer/new/?partner=${given.partner}&token=wrongTok`)
  await id(page, 'trade-url-submit').click()
  await page.locator('[data-testid="error"], [data-testid="problem"]').first().waitFor()
  await look(page, '4-trade-url-wrong')
  if (!(await id(page, 'trade-url').count())) await id(page, 'other-trade-url').click()
  await id(page, 'trade-url').fill(`https://steamcommunity.com/tradeoffer/new/?partner=${given.partner}&token=${given.token}`)
  await id(page, 'trade-url-submit').click()

  await wait(page, 'item')
  const all = await id(page, 'item').count()
  await look(page, '5-items', all <= 60)
  const word = (await id(page, 'item').first().locator('.name').innerText()).slice(0, 6)
  await id(page, 'search').fill(word)
  await page.waitForFunction((most) => [...document.querySelectorAll('[data-testid="item"]')].filter((e) => e.offsetParent !== null).length <= most, all)
  await id(page, 'search').fill('')
  await id(page, 'sort').selectOption('cheap')
  const nothing = await id(page, 'total').innerText()
  const chosen = page.locator('[data-testid="item"]:has(input:not(:disabled))').first()
  await chosen.click()
  await page.waitForFunction((was) => document.querySelector('[data-testid="total"]').innerText !== was, nothing)
  await look(page, '6-chosen', false)
  await id(page, 'review').click()
  await wait(page, 'send')
  await look(page, '7-review', false)
  await id(page, 'send').first().click()

  await wait(page, 'offer-link')
  await look(page, '8-offer')
  const seconds = Number(await id(page, 'countdown').getAttribute('data-seconds'))
  assert.ok(seconds > 0 && seconds <= 3600, `countdown of ${seconds} s`)
  await page.reload()
  await wait(page, 'offer-link')
  const code = await id(page, 'code').first().innerText()
  const steam = await answer(page, given.account, 'Accept trade')
  assert.ok((await steam.content()).includes(code), 'the offer carries the code of the page')
  await page.locator('[data-testid="result"][data-status="in_hold"]').waitFor()
  await look(page, '9-in-hold')
  await page.reload()
  await page.locator('[data-testid="result"][data-status="in_hold"]').waitFor()
  await call('/sandbox/clock', { advance: '193h' })
  await page.reload()
  await page.locator('[data-testid="result"][data-status="success"]').waitFor()
  await look(page, '10-success')
  assert.deepEqual(outside, [], 'nothing is loaded from elsewhere')
  await context.close()
}

// reloadUntil waits for a page that has no script to change itself.
async function reloadUntil(page, there) {
  for (const end = Date.now() + patience; Date.now() < end && !(await there.count());) {
    await page.waitForTimeout(250)
    await page.reload().catch(() => {}) // it may be about to do so itself
  }
  await there.first().waitFor()
}

// Without script a prefilled account chooses, sends and declines.
async function withoutScript() {
  const context = await visit({ viewport: { width: 1280, height: 900 }, javaScriptEnabled: false, colorScheme: 'dark' })
  const page = await context.newPage()
  await page.goto(given.prefilled)
  await wait(page, 'item')
  if (shots) await page.screenshot({ path: `${shots}/${given.name}-plain-items.png` })
  await page.locator('[data-testid="item"] input:not(:disabled)').first().check()
  await id(page, 'review').click()
  await wait(page, 'send')
  await id(page, 'send').first().click()
  await reloadUntil(page, id(page, 'offer-link'))
  if (shots) await page.screenshot({ path: `${shots}/${given.name}-plain-offer.png`, fullPage: true })
  await answer(page, given.account, 'Decline trade')
  const failed = page.locator('[data-testid="result"][data-status="fail"]')
  await reloadUntil(page, failed)
  if (shots) await page.screenshot({ path: `${shots}/${given.name}-plain-fail.png`, fullPage: true })
  await context.close()
}

// Inside a shop's page: the sign-in opens beside it and the frame goes on.
async function framed() {
  const shop = createServer((_, res) => {
    res.setHeader('content-type', 'text/html')
    res.end(`<!doctype html><title>Shop</title><h1>Shop</h1><iframe src="${given.framed}" style="width:100%;height:800px;border:0"></iframe>`)
  })
  await new Promise((done) => shop.listen(0, '127.0.0.1', done))
  const context = await visit({ viewport: { width: 800, height: 1000 } })
  const page = await context.newPage()
  await page.goto(`http://localhost:${shop.address().port}/`)
  const frame = page.frameLocator('iframe')
  await frame.locator('[data-testid="signin"]').waitFor()
  const [beside] = await Promise.all([context.waitForEvent('page'), frame.locator('[data-testid="signin"]').click()])
  await beside.locator(`button[name="account"][value="${given.account}"]`).click()
  await frame.locator('[data-testid="trade-url"]').waitFor()
  await look(page, 'framed', false)
  await context.close()
  shop.close()
}

// embedded is a shop of a registered origin: it includes our script, hears how
// the payment stands, and another site cannot frame the page at all.
async function embedded() {
  const shop = createServer((_, res) => {
    res.setHeader('content-type', 'text/html')
    res.end(`<!doctype html><title>Shop</title><h1>Shop</h1><div id="pay"></div><script src="${given.gateway}/embed.js"></script>`)
  })
  await new Promise((done) => shop.listen(0, '127.0.0.1', done))
  const origin = `http://localhost:${shop.address().port}`
  const made = await (await fetch(given.gateway + '/sandbox/projects', { method: 'POST', body: JSON.stringify({ name: 'Framing shop', origins: [origin] }) })).json()
  const order = await (await fetch(given.gateway + '/api.php', { method: 'POST',
    headers: { 'x-client-id': made.client_id, 'x-client-secret': made.client_secret, 'content-type': 'application/json' },
    body: JSON.stringify({ method: 'create', order_id: 'framed "order"', steam_id: given.account, trade_token: given.token }) })).json()

  const context = await visit({ viewport: phone })
  const page = await context.newPage()
  const heard = () => page.evaluate(() => globalThis.heard)
  const until = (type, more = {}) => page.waitForFunction(([type, more]) =>
    globalThis.heard?.some((m) => m.type === type && Object.entries(more).every(([k, v]) => m[k] === v)), [type, more])
  await page.goto(origin + '/')
  await page.evaluate((url) => {
    globalThis.heard = []
    const on = (m) => globalThis.heard.push(m)
    globalThis.payment = globalThis.Skinrail.open({ url, container: document.getElementById('pay'), onReady: on, onResize: on, onStatus: on, onClose: on, onError: on })
  }, order.url)
  await until('ready', { order_id: 'framed "order"', version: 1, status: 'pending', stage: 'choosing' })
  await until('resize')
  const frame = page.frameLocator('iframe')
  await frame.locator('[data-testid="item"]:has(input:not(:disabled))').first().click()
  await frame.locator('[data-testid="review"]').click()
  await frame.locator('[data-testid="send"]').first().click()
  await until('status', { status: 'pending', stage: 'offer' })
  await look(page, 'embedded', false)
  await call(`/sandbox/deposits/${order.transaction_id}/fail`)
  await until('status', { status: 'fail', stage: 'done' })
  await frame.locator('[data-testid="close"]').click()
  await until('close')
  assert.equal(await page.locator('iframe').count(), 0, 'the closed page is gone')
  assert.ok((await heard()).every((m) => m.source === 'skinrail' && m.order_id === 'framed "order"'), 'messages name their source and order')

  await page.goto(origin + '/')
  await page.evaluate((url) => globalThis.Skinrail.open({ url }), order.url)
  await page.frameLocator('dialog iframe').locator('[data-testid="result"]').waitFor()
  await look(page, 'embedded-dialog', false)

  // 127.0.0.1 is another origin than localhost, and not registered.
  await page.goto(`http://127.0.0.1:${shop.address().port}/`)
  const messages = page.evaluate(() => new Promise((done) => {
    const all = []
    addEventListener('message', (e) => all.push(e.data))
    setTimeout(() => done(all), 1500)
  }))
  const refused = page.waitForEvent('console', (m) => m.text().includes('frame-ancestors'))
  await page.evaluate((url) => { const f = document.createElement('iframe'); f.src = url; document.body.append(f) }, order.url)
  await refused
  assert.deepEqual(await messages, [], 'who is not registered hears nothing')
  await context.close()
  shop.close()
}

// limited is a deposit with a least and a most amount, on a desk: the total runs
// along, and only what fits goes on.
async function limited() {
  const context = await visit({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  await page.goto(given.limited)
  await wait(page, 'item')
  const review = id(page, 'review')
  await page.locator('[data-testid="review"]:disabled').waitFor() // nothing is chosen, and the script, once it is here, sees that
  await look(page, 'limits')
  await id(page, 'sort').selectOption('cheap')
  const free = page.locator('[data-testid="item"]:has(input:not(:disabled))')
  await free.first().click()
  await look(page, 'limits-too-little', false)
  assert.ok(await review.isDisabled(), 'less than the least amount cannot be sent')
  for (let i = 1; await review.isDisabled(); i++) {
    assert.ok(i < await free.count(), 'no choice fits the limits')
    await free.nth(i).click()
  }
  await look(page, 'limits-enough', false)
  await review.click()
  await wait(page, 'send')
  await look(page, 'limits-review')
  await context.close()
}

// ended are the pages of links that lead nowhere any more.
async function ended() {
  const context = await visit({ viewport: phone })
  const page = await context.newPage()
  await page.goto(given.framed)
  await page.locator('[data-testid="result"][data-status="fail"]').waitFor()
  await look(page, 'expired')
  const answer = await page.goto(given.gateway + '/pay/0123456789abcdef0123/')
  assert.equal(answer.status(), 404)
  await look(page, 'unknown')
  await context.close()
}

await play({ withoutScript, framed, limited, embedded, wholeWay, ended })
