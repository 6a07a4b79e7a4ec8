// What the browser tests share: a browser, and a look at a page as it is. The
// Go test passes what they need as JSON in SKINRAIL_BROWSER.
import { chromium } from 'playwright-core'
import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import assert from 'node:assert/strict'

export const given = JSON.parse(process.env.SKINRAIL_BROWSER)
export const shots = process.env.SKINRAIL_SHOTS
export const phone = { width: 390, height: 844 }
const axe = await readFile(new URL('./node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')

// patience is how long what must come is waited for, in milliseconds.
export const patience = 120_000

const browser = await chromium.launch({
  timeout: patience,
  executablePath: given.chromium,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
})

// visit is a browser of somebody who was never here.
export async function visit(options) {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(patience)
  return context
}

export const id = (page, name) => page.locator(`[data-testid="${name}"]`)
export const wait = (page, name) => id(page, name).first().waitFor()

// look keeps a picture, wants nothing to stand out at the side, and asks axe for
// what keeps people out.
export async function look(page, name, checked = true) {
  if (shots) {
    mkdirSync(shots, { recursive: true })
    await page.screenshot({ path: `${shots}/${given.name}-${name}.png`, fullPage: true })
  }
  if (!checked) return
  const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth])
  assert.ok(wide <= window, `${name} is ${wide} pixels wide in a window of ${window}`)
  // Our policy allows no inline script on the page, so axe comes by evaluation.
  await page.evaluate(axe)
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }))
  const bad = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)
  assert.deepEqual(bad, [], `${name} keeps people out`)
}

export async function call(path, body) {
  const r = await fetch(given.gateway + path, { method: 'POST', body: body === undefined ? undefined : JSON.stringify(body) })
  const text = await r.text()
  assert.equal(r.status, 200, `${path}: ${text}`)
  return JSON.parse(text)
}

// play runs what a test shows, one after the other, and says how long it took.
export async function play(parts) {
  try {
    for (const [name, part] of Object.entries(parts)) {
      const began = Date.now()
      await part()
      console.log(`ok ${given.name} ${name} ${Date.now() - began} ms`)
    }
  } catch (err) {
    if (shots) for (const c of browser.contexts()) for (const p of c.pages()) await p.screenshot({ path: `${shots}/${given.name}-failed.png`, fullPage: true }).catch(() => {})
    console.error(err)
    process.exitCode = 1
  } finally {
    await browser.close()
  }
}
