// The Node packages that Steam bots are made of, as they come from the registry,
// log in and trade against the simulator. Driven by cmd/skinrail/bots_test.go
// with what it needs as JSON in SKINRAIL_BOTS. Ends with 1 at the first promise
// that does not hold.
import assert from 'node:assert/strict'
import { redirect, requests } from './redirect.mjs'

const given = JSON.parse(process.env.SKINRAIL_BOTS)
const outside = globalThis.fetch
redirect(given.steam)

const { LoginSession, LoginApprover, EAuthTokenPlatformType: Platform, EAuthSessionGuardType: Guard, EResult } = (await import('steam-session')).default
const { default: totp } = await import('steam-totp')
const { default: Community } = await import('steamcommunity')
const { default: Manager } = await import('steam-tradeoffer-manager')
const { ETradeOfferState: State, ETradeStatus: Status } = Manager

let held = 0
const ok = (v, what) => { assert.ok(v, what); held++ }
const same = (got, want, what) => { assert.deepEqual(got, want, what); held++ }
const fails = async (promise, pattern) => { await assert.rejects(promise, pattern); held++ }
// call turns the packages' callbacks into promises; several results are a list.
const call = (of, method, ...args) => new Promise((done, failed) =>
  of[method](...args, (err, ...got) => (err ? failed(err) : done(got.length > 1 ? got : got[0]))))
const once = (of, event, fits = () => true) => new Promise((done) => {
  const hear = (...got) => { if (fits(...got)) { of.off(event, hear); done(got) } }
  of.on(event, hear)
})

async function control(base, path, body) {
  const answer = await outside(base + path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })
  assert.equal(answer.status, 200, `${path}: ${answer.status}`)
  return answer.json()
}
const sim = (path, body) => control(given.steam, '/sim' + path, body)
const advance = (by) => control(given.gateway, '/sandbox/clock', { advance: by })

const { alice, bob, mia, held: heldUp } = given.accounts
const tradeURL = (a) => `https://steamcommunity.com/tradeoffer/new/?partner=${BigInt(a.steam_id) - 76561197960265728n}&token=${a.trade_token}`

// code is a login code; each works once, so a second login within the half
// minute takes a neighbour's, which Steam allows for clocks that are off.
const code = (a, offset = 0) => totp.getAuthCode(a.shared_secret, offset)

function session(platform, a) {
  const s = new LoginSession(platform)
  const authenticated = once(s, 'authenticated')
  const start = (more) => s.startWithCredentials({ accountName: a.account_name, password: a.password, ...more })
  return { s, authenticated, start }
}

async function refusedLogins() {
  const wrong = session(Platform.WebBrowser, alice)
  await fails(wrong.start({ password: 'not this one' }), (e) => e.eresult === EResult.InvalidPassword)
  const nobody = session(Platform.WebBrowser, { account_name: 'nobody_at_all', password: 'x' })
  await fails(nobody.start(), (e) => e.eresult === EResult.InvalidPassword)
  const { s, start } = session(Platform.WebBrowser, alice)
  const begun = await start()
  ok(begun.actionRequired, 'a code is wanted')
  same(begun.validActions.map((a) => a.type).sort(), [Guard.DeviceCode, Guard.DeviceConfirmation], 'ways to prove a login')
  await fails(s.submitSteamGuardCode('22222'), (e) => e.eresult === EResult.TwoFactorCodeMismatch)
  s.cancelLoginAttempt()
}

const sites = ['steamcommunity.com', 'store.steampowered.com', 'help.steampowered.com', 'checkout.steampowered.com', 'steam.tv']

async function webLogin(a, offset) {
  const { s, authenticated, start } = session(Platform.WebBrowser, a)
  await start({ steamGuardCode: code(a, offset) })
  await authenticated
  same(s.steamID.getSteamID64(), a.steam_id, 'who is logged in')
  same(s.accountName, a.account_name, 'his name')
  const cookies = await s.getWebCookies()
  for (const site of sites) {
    ok(cookies.some((c) => c.startsWith(`steamLoginSecure=${a.steam_id}%7C%7C`) && c.includes(`Domain=${site}`)), `a cookie of ${site}`)
  }
  return { s, cookies }
}

async function mobileLogin(a, offset) {
  const { s, authenticated, start } = session(Platform.MobileApp, a)
  await start({ steamGuardCode: code(a, offset) })
  await authenticated
  const cookies = await s.getWebCookies()
  ok(cookies.some((c) => c.startsWith(`steamLoginSecure=${a.steam_id}%7C%7C`)), 'a cookie made of the access token')
  ok(s.accessToken, 'an access token')
  return { s, cookies }
}

async function mailLogin() {
  await sim(`/accounts/${mia.steam_id}`, { email_domain: 'example.org' })
  const { s, authenticated, start } = session(Platform.WebBrowser, mia)
  const begun = await start()
  same(begun.validActions, [{ type: Guard.EmailCode, detail: 'example.org' }], 'a code by mail is wanted')
  await fails(s.submitSteamGuardCode('22222'), (e) => e.eresult === EResult.InvalidLoginAuthCode)
  const waiting = (await sim('/logins')).logins.filter((l) => l.account === mia.steam_id)
  await s.submitSteamGuardCode(waiting.at(-1).email_code)
  await authenticated
  ok(s.steamGuardMachineToken, 'the machine is known from now on')
  const m = await bot(await s.getWebCookies(), mia)
  const [mine, , total] = await call(m.manager, 'getInventoryContents', 730, 2, true)
  same([mine.length, total, new Set(mine.map((i) => i.assetid)).size], [1500, 1500, 1500], 'her inventory in pages, nothing twice')
  const again = session(Platform.WebBrowser, mia)
  ok(!(await again.start({ steamGuardMachineToken: s.steamGuardMachineToken })).actionRequired, 'a known machine needs no code')
  await again.authenticated
}

async function pictureLogin(phone) {
  const s = new LoginSession(Platform.WebBrowser)
  const authenticated = once(s, 'authenticated')
  const looked = once(s, 'remoteInteraction')
  const { qrChallengeUrl } = await s.startWithQR()
  const approver = new LoginApprover(phone.accessToken, bob.shared_secret)
  same((await approver.getAuthSessionInfo(qrChallengeUrl)).platformType, Platform.WebBrowser, 'what is asked to be approved')
  await looked
  await approver.approveAuthSession({ qrChallengeUrl, approve: true })
  await authenticated
  same(s.steamID.getSteamID64(), bob.steam_id, 'who approved is logged in')
}

// days is how long a token lives.
const days = (token) => { const { exp, iat } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url')); return (exp - iat) / 86400 }

// renewals take place in a new session made from the kept token.
async function renewals(web, phone) {
  const kept = new LoginSession(Platform.WebBrowser)
  kept.refreshToken = web.refreshToken
  same((await kept.getWebCookies()).filter((c) => c.startsWith('steamLoginSecure')).length, sites.length, 'cookies from a kept token')
  const mobile = new LoginSession(Platform.MobileApp)
  mobile.refreshToken = phone.refreshToken
  await mobile.refreshAccessToken()
  ok(mobile.accessToken, 'a new access token')
  same(await mobile.renewRefreshToken(), false, 'a young refresh token is kept')
  same([days(web.refreshToken), days(phone.refreshToken), days(mobile.accessToken)], [207, 200, 1], 'how long tokens live')
  const wrong = new LoginSession(Platform.WebBrowser)
  assert.throws(() => { wrong.refreshToken = mobile.accessToken }, /access token/)
  await fails(kept.refreshAccessToken(), (e) => e.eresult === EResult.AccessDenied)
}

// bot is a community session with a manager that polls only when told.
function bot(cookies, account) {
  const community = new Community()
  const manager = new Manager({ community, domain: 'example.org', language: 'en', pollInterval: -1, dataDirectory: null })
  const ended = once(community, 'sessionExpired')
  return call(manager, 'setCookies', cookies).then(() => ({ account, community, manager, ended }))
}
// poll asks for everything, past the second that the manager keeps between polls.
async function poll(b) {
  const done = Promise.race([once(b.manager, 'pollSuccess'), once(b.manager, 'pollFailure').then(([err]) => { throw err })])
  b.manager._lastPoll = 0
  b.manager.doPoll(true)
  await done
}

async function pages(a) {
  same(await call(a.community, 'loggedIn'), [true, false], 'logged in, no family view')
  const [url, token] = await call(a.community, 'getTradeURL')
  same([url.replace('&amp;', '&'), token], [tradeURL(alice), alice.trade_token], 'the trade URL')
  same(await call(a.manager, 'getOfferToken'), alice.trade_token, 'its token')
  ok(/^[0-9A-F]{32}$/.test(await call(a.community, 'getWebApiKey')), 'a Web API key')
  const contexts = await call(a.community, 'getUserInventoryContexts', alice.steam_id)
  same(contexts['730'].rgContexts['2'].asset_count, 104, 'counted on the inventory page')
  const mine = await inventory(a, 730)
  const knife = mine.find((i) => i.market_hash_name.startsWith('★'))
  ok(knife.tradable && knife.marketable && knife.asset_properties.some((p) => p.propertyid === 2), 'an item with its wear')
  same(knife.getTag('Exterior').name, 'Factory New', 'and its tags')
  const shut = given.accounts.shut.steam_id
  await fails(call(a.community, 'getUserInventoryContents', shut, 730, 2, true), /private/)
  await fails(call(a.community, 'getUserInventoryContexts', shut), /Private inventory/)
}

async function changedTradeURL(a) {
  const [, token] = await call(a.community, 'changeTradeURL')
  ok(token !== alice.trade_token && /^[\w-]{8}$/.test(token), `a new token: ${token}`)
  alice.old_token = alice.trade_token
  alice.trade_token = token
}

async function partners(a, b) {
  const offer = a.manager.createOffer(tradeURL(bob))
  const [me, them] = await call(offer, 'getUserDetails')
  same([me.personaName, them.personaName, me.escrowDays, them.escrowDays, them.probation], ['Alice', 'Bob', 0, 0, false], 'both sides of the page')
  ok(me.contexts['730'] && them.contexts['730'] && them.avatarFull, 'contexts and avatars')
  const theirs = await call(offer, 'loadPartnerInventory', 730, '2')
  same([theirs.length, theirs[0].tradable], [10, true], 'the partner\'s tradable items')
  const slow = a.manager.createOffer(tradeURL(heldUp))
  same((await call(slow, 'getUserDetails'))[1].escrowDays, 15, 'days of the partner\'s hold')
  await fails(call(b.manager.createOffer(alice.steam_id, alice.old_token), 'getUserDetails'), /no longer valid/)
  await fails(call(b.manager.createOffer(alice.steam_id, 'XXXXXXXX'), 'getUserDetails'), /valid/)
}

const inventory = (b, app, context = 2) => call(b.manager, 'getInventoryContents', app, context, false).then(([items]) => items)
const confirm = (b, id) => call(b.community, 'acceptConfirmationForObject', b.account.identity_secret, id)

function gift(from, to, items, message = '') {
  const offer = from.manager.createOffer(tradeURL(to.account))
  offer.addMyItems(items)
  offer.setMessage(message)
  return offer
}
async function received(b, id) {
  const [, list] = await call(b.manager, 'getOffers', Manager.EOfferFilter.All)
  return list.find((o) => o.id === id)
}

async function acknowledging(a, items) {
  const offer = gift(a, given.bobBot, items.slice(0, 1), 'too early')
  same(await call(offer, 'send'), 'pending', 'an offer that gives waits for its confirmation')
  await fails(confirm(a, offer.id), /confirmation/)
  await call(a.community, 'acknowledgeTradeProtection')
  await call(offer, 'cancel')
  same(offer.state, State.Canceled, 'cancelled before it was confirmed')
}

async function givenAndAccepted(a, b, items) {
  const offer = gift(a, b, items.slice(0, 2), 'two for you')
  await call(offer, 'send')
  same(await received(b, offer.id), undefined, 'not shown before it is confirmed')
  await confirm(a, offer.id)
  await poll(a)
  const arrived = once(b.manager, 'newOffer', (o) => o.id === offer.id)
  await poll(b)
  const [got] = await arrived
  same([got.state, got.message, got.itemsToReceive.length, got.itemsToGive.length, got.partner.getSteamID64()],
    [State.Active, 'two for you', 2, 0, alice.steam_id], 'the offer as it arrives')
  ok(got.itemsToReceive.every((i) => i.name && i.market_hash_name), 'with its descriptions')
  const [them, me] = [...await call(got, 'getUserDetails')].reverse()
  same([me.personaName, them.personaName], ['Bob', 'Alice'], 'the page of a received offer')
  same(await call(got, 'accept'), 'accepted', 'nothing to confirm for who only receives')
  const changed = once(a.manager, 'sentOfferChanged', (o) => o.id === offer.id)
  await poll(a)
  same((await changed)[0].state, State.Accepted, 'the sender sees it')
  const [mine] = await changed
  const [status, , , gave] = await call(mine, 'getExchangeDetails')
  same([status, gave.length], [Status.Complete, 2], 'the trade\'s record')
  ok(gave.every((i) => i.new_assetid !== i.assetid && i.new_contextid === '16' && i.market_hash_name), 'new ids under protection')
  const receipt = await call(got, 'getReceivedItems')
  same(receipt.map((i) => i.id).sort(), gave.map((i) => i.new_assetid).sort(), 'the receipt has the new ids')
  const sealed = await inventory(b, 730, 16)
  same(sealed.map((i) => [i.assetid, i.tradable, i.sealed]).sort(), gave.map((i) => [i.new_assetid, false, 1]).sort(), 'seen by their owner in context 16')
  await fails(call(a.community, 'getUserInventoryContents', bob.steam_id, 730, 16, false), /private/)
  await fails(call(gift(b, a, sealed.slice(0, 1)), 'send'), (e) => e.eresult == EResult.Revoked || /26/.test(e.message)) // eslint-disable-line eqeqeq
  return mine
}

async function takenAndConfirmed(a, b) {
  const [wanted] = await inventory(b, 730)
  const offer = a.manager.createOffer(tradeURL(bob))
  offer.addTheirItem(wanted)
  same(await call(offer, 'send'), 'sent', 'an offer that gives nothing is active at once')
  const got = await received(b, offer.id)
  same(await call(got, 'accept'), 'pending', 'who gives must confirm')
  same(got.confirmationMethod, Manager.EConfirmationMethod.MobileApp, 'on his phone')
  await call(b.community, 'acknowledgeTradeProtection')
  await confirm(b, offer.id)
  await call(offer, 'update')
  same(offer.state, State.Accepted, 'exchanged by the confirmation')
  ok((await call(offer, 'getExchangeDetails'))[2][0].new_assetid, 'with a new id')
}

async function manyConfirmations(a, b, items) {
  const offers = [0, 1, 2].map((n) => gift(a, b, items.slice(n, n + 1), `of three ${n}`))
  for (const o of offers) same(await call(o, 'send'), 'pending', 'waits')
  const now = totp.time()
  const key = (tag, t) => ({ tag, key: totp.getConfirmationKey(alice.identity_secret, t, tag) })
  const list = await call(a.community, 'getConfirmations', now, key('conf', now))
  same([list.length, list[0].type, list.map((c) => c.creator).sort()], [3, Community.ConfirmationType.Trade, offers.map((o) => o.id).sort()], 'the list on the phone')
  same(await call(a.community, 'getConfirmationOfferID', list[0].id, now, key('details', now).key), list[0].creator, 'the details name the offer')
  await fails(call(a.community, 'getConfirmations', now, totp.getConfirmationKey(bob.identity_secret, now, 'conf')), /./)
  await call(list[2], 'respond', now, key('cancel', now), false)
  const answered = await call(a.community, 'acceptAllConfirmations', now, key('conf', now), key('allow', now))
  same(answered.length, 2, 'both that were left, in one request')
  const states = []
  for (const o of offers) { await call(o, 'update'); states.push(o.state) }
  const refused = offers.findIndex((o) => o.id === list[2].creator)
  same(states, [0, 1, 2].map((n) => (n === refused ? State.CanceledBySecondFactor : State.Active)), 'confirmed and refused')
  return offers.filter((_, n) => n !== refused)
}

async function declinedCancelledCountered(a, b, [first, second], items) {
  await call(await received(b, first.id), 'decline')
  await call(first, 'update')
  same(first.state, State.Declined, 'declined by the receiver')
  await poll(b)
  const gone = once(b.manager, 'receivedOfferChanged', (o) => o.id === second.id)
  await call(second, 'cancel')
  await poll(b)
  const [seen, was] = await gone
  same([seen.state, was], [State.Canceled, State.Active], 'cancelled by the sender')
  const third = gift(a, b, items.slice(3, 4), 'or another')
  await call(third, 'send')
  await confirm(a, third.id)
  const counter = (await received(b, third.id)).counter()
  counter.removeTheirItem(counter.itemsToReceive[0])
  counter.addTheirItem(items[4])
  counter.setToken(alice.trade_token)
  same(await call(counter, 'send'), 'sent', 'the counter-offer')
  await call(third, 'update')
  same(third.state, State.Countered, 'countered')
  same((await received(a, counter.id)).itemsToGive[0].assetid, items[4].assetid, 'with the other item')
  await call(await received(a, counter.id), 'decline')
  await fails(call(await received(b, third.id), 'accept'), /not active/)
}

// lookups find offers and users other than by lists.
async function lookups(a, b, item) {
  const offer = gift(a, b, [item], 'to be looked up')
  offer.data('order', 'A-1')
  await call(offer, 'send')
  await confirm(a, offer.id)
  const again = await call(a.manager, 'getOffer', offer.id)
  same([again.state, again.message, again.data('order'), again.isGlitched(), again.containsItem(item)],
    [State.Active, 'to be looked up', 'A-1', false, true], 'one offer by its id')
  await fails(call(a.manager, 'getOffer', '1'), /./)
  const [sent, got] = await call(a.manager, 'getOffersContainingItems', item)
  same([sent.map((o) => o.id), got.length], [[offer.id], 0], 'offers by an item in them')
  await call(offer, 'cancel')
  const twin = offer.duplicate()
  same(await call(twin, 'send'), 'pending', 'a second offer of the same')
  ok(twin.id !== offer.id, 'under a number of its own')
  await call(twin, 'cancel')
  const user = await call(a.community, 'getSteamUser', bob.account_name)
  same([user.steamID.getSteamID64(), user.name, user.privacyState, user.vacBanned, user.tradeBanState, user.isLimitedAccount],
    [bob.steam_id, 'Bob', 'public', false, 'None', false], 'a profile by its name')
  same((await call(a.community, 'getSteamUser', user.steamID)).name, 'Bob', 'and by its number')
  await fails(call(a.community, 'getSteamUser', 'nobody_at_all'), /could not be found/)
  const [theirs] = await call(a.manager, 'getUserInventoryContents', bob.steam_id, 730, 2, true)
  const old = await call(a.community, 'getUserInventory', bob.steam_id, 730, 2, true)
  same(old[0].map((i) => i.assetid).sort(), theirs.map((i) => i.assetid).sort(), 'the old inventory has the same items')
  const [offset] = await call(totp, 'getTimeOffset')
  ok(Math.abs(offset) <= 60, `clocks are together: ${offset}`)
  same(totp.getDeviceID('76561198000000101'), 'android:6fe053b3-d2eb-3ece-521b-a53848827205', 'the id of a phone')
}

// confirmedByItself lets the packages watch for confirmations.
async function confirmedByItself(a, b, item) {
  const offer = gift(a, b, [item])
  await call(offer, 'send')
  const seen = once(a.community, 'newConfirmation', (c) => c.creator === offer.id)
  a.community.startConfirmationChecker(10000)
  a.community.on('confKeyNeeded', (tag, done) => done(null, totp.time(), totp.getConfirmationKey(alice.identity_secret, totp.time(), tag)))
  await seen
  a.community.stopConfirmationChecker()
  const another = gift(a, b, [item])
  await call(another, 'send')
  const accepted = once(a.community, 'confirmationAccepted', (c) => c.creator === another.id)
  a.community.startConfirmationChecker(10000, alice.identity_secret)
  await accepted
  a.community.stopConfirmationChecker()
  await call(another, 'update')
  same(another.state, State.Active, 'confirmed by the watcher')
  await call(another, 'cancel')
  await call(offer, 'update')
  if (offer.state !== State.Canceled) await call(offer, 'cancel')
}

// cancelledByItself are offers that the manager takes back when they are old.
async function cancelledByItself(a, b, item) {
  const sent = async (pending) => {
    const offer = gift(a, b, [item])
    await call(offer, 'send')
    if (!pending) await confirm(a, offer.id)
    return offer
  }
  const old = await sent()
  old.data('cancelTime', 1)
  const gone = once(a.manager, 'sentOfferCanceled', (o) => o.id === old.id)
  await poll(a)
  same((await gone)[1], 'cancelTime', 'an old offer is cancelled')
  const waiting = await sent(true)
  a.manager.pendingCancelTime = 1
  const dropped = once(a.manager, 'sentPendingOfferCanceled', (o) => o.id === waiting.id)
  await poll(a)
  await dropped
  a.manager.pendingCancelTime = null
  const many = await sent()
  Object.assign(a.manager, { cancelOfferCount: 1, cancelOfferCountMinAge: 0 })
  const oldest = once(a.manager, 'sentOfferCanceled', (o) => o.id === many.id)
  await poll(a)
  same((await oldest)[1], 'cancelOfferCount', 'the oldest of too many is cancelled')
  a.manager.cancelOfferCount = null
}

// twoManagers work on one account: each learns of the other's offers.
async function twoManagers(a, b, cookies, item) {
  await poll(a)
  const known = new Manager({ community: new Community(), domain: 'example.org', language: 'en', pollInterval: -1, dataDirectory: null,
    pollData: JSON.parse(JSON.stringify(a.manager.pollData)) })
  await call(known, 'setCookies', cookies)
  const offer = gift({ manager: known }, b, [item], 'by the other')
  await call(offer, 'send')
  const unknown = once(a.manager, 'unknownOfferSent')
  await poll(a)
  same((await unknown)[0].id, offer.id, 'an offer that somebody else sent')
  const strange = []
  known.on('unknownOfferSent', (o) => strange.push(o.id))
  known.on('newOffer', (o) => strange.push(o.id))
  await poll({ manager: known })
  same(strange, [], 'what was kept is known after a restart')
  await call(offer, 'cancel')
  known.shutdown()
}

// underway is a trade that Steam has not carried out yet.
async function underway(a, b, item) {
  await sim('/settings', { trade_steps: '1h' })
  const offer = gift(a, b, [item])
  await call(offer, 'send')
  await confirm(a, offer.id)
  await call(await received(b, offer.id), 'accept')
  await call(offer, 'update')
  same(offer.state, State.Accepted, 'accepted')
  await fails(call(offer, 'getExchangeDetails'), /Trade status is Init/)
  same((await call(offer, 'getExchangeDetails', true))[0], Status.Init, 'but not exchanged')
  await sim(`/trades/${offer.tradeID}/status`, { status: 3 })
  same((await call(offer, 'getExchangeDetails'))[0], Status.Complete, 'until it is')
  await sim('/settings', { trade_steps: '0s' })
}

// lateInvalid is an offer whose item is gone, which nobody has noticed yet.
async function lateInvalid(a, b, item) {
  await sim('/settings', { invalid_after: '24h' })
  const [first, second] = [gift(a, b, [item]), gift(a, b, [item])]
  for (const o of [first, second]) { await call(o, 'send'); await confirm(a, o.id) }
  await poll(a)
  await call(await received(b, first.id), 'accept')
  const late = await received(b, second.id)
  same(late.state, State.Active, 'it looks open')
  await fails(call(late, 'accept'), /26|Revoked/)
  const changed = once(a.manager, 'sentOfferChanged', (o) => o.id === second.id)
  await poll(a)
  same((await changed)[0].state, State.InvalidItems, 'until somebody touches it')
  await sim('/settings', { invalid_after: '0s' })
}

// friendsTrade needs no trade URL.
async function friendsTrade(a, b, item) {
  const offer = a.manager.createOffer(bob.steam_id)
  offer.addMyItem(item)
  await fails(call(offer, 'send'), /15|AccessDenied/)
  await sim(`/accounts/${alice.steam_id}`, { friends: [bob.steam_id] })
  same((await call(offer, 'getUserDetails'))[1].personaName, 'Bob', 'the page of a friend')
  same(await call(offer, 'send'), 'pending', 'an offer to a friend')
  await confirm(a, offer.id)
  same((await received(b, offer.id)).message, '', 'arrives')
  await call(offer, 'cancel')
  await sim(`/accounts/${alice.steam_id}`, { friends: [] })
}

// keysOnce refuses a key of the phone that was used before.
async function keysOnce(a, b, items) {
  await sim('/settings', { keys_once: true })
  const offers = [0, 1].map((n) => gift(a, b, items.slice(n, n + 1)))
  for (const o of offers) await call(o, 'send')
  const now = totp.time()
  const key = (tag) => totp.getConfirmationKey(alice.identity_secret, now, tag)
  const list = await call(a.community, 'getConfirmations', now, key('conf'))
  await call(list[0], 'respond', now, key('allow'), true)
  await fails(call(list[1], 'respond', now, key('allow'), true), /Oh no/)
  await confirm(a, list[1].creator)
  for (const o of offers) { await call(o, 'update'); same(o.state, State.Active, 'confirmed'); await call(o, 'cancel') }
  await sim('/settings', { keys_once: false })
}

// familyView hides the site behind a PIN.
async function familyView(b) {
  await sim(`/accounts/${bob.steam_id}`, { family_view: true })
  same(await call(b.community, 'loggedIn'), [true, true], 'logged in behind a family view')
  await sim(`/accounts/${bob.steam_id}`, { family_view: false })
  same(await call(b.community, 'loggedIn'), [true, false], 'and without')
}

async function deniedLogin(phone) {
  const s = new LoginSession(Platform.WebBrowser)
  const failed = once(s, 'error')
  const { qrChallengeUrl } = await s.startWithQR()
  await new LoginApprover(phone.accessToken, bob.shared_secret).approveAuthSession({ qrChallengeUrl, approve: false })
  same((await failed)[0].eresult, EResult.FileNotFound, 'a login that the phone refuses')
}

async function escrow(a) {
  const offer = a.manager.createOffer(tradeURL(heldUp))
  offer.addTheirItems(await call(offer, 'loadPartnerInventory', 730, '2'))
  await call(offer, 'send')
  await sim(`/offers/${offer.id}/accept`, {})
  await call(offer, 'update')
  same(offer.state, State.InEscrow, 'held')
  ok(offer.escrowEnds > new Date(Date.now() + 14 * 86400e3), 'until when')
  same((await call(offer, 'getExchangeDetails'))[0], Status.InEscrow, 'the trade waits')
  return offer
}

async function reversal(b, traded) {
  const [before] = await call(traded, 'getExchangeDetails')
  same(before, Status.Complete, 'complete before')
  await sim(`/trades/${traded.tradeID}/reverse?by=${bob.steam_id}`, {})
  await fails(call(traded, 'getExchangeDetails'), /12|Rollback/)
  const [after] = await call(traded, 'getExchangeDetails', true)
  same(after, 12, 'taken back')
  await call(traded, 'update')
  same(traded.state, State.Accepted, 'the offer stays accepted')
  same((await inventory(b, 730, 16)).length, 0, 'nothing is left in context 16')
}

async function dayAndWeekLater(a, web, b, phone, heldOffer) {
  await advance('190h') // beyond protection and the day of an access token
  a.manager._lastPoll = 0
  a.manager.doPoll()
  await a.ended
  ok(true, 'the session has ended')
  same((await call(a.community, 'getTradeURL'))[1], alice.trade_token, 'pages renew their cookie by the way of the login site')
  await call(a.manager, 'setCookies', await web.getWebCookies())
  await poll(a)
  same(await call(a.community, 'loggedIn'), [true, false], 'renewed by the same refresh token')
  same(await phone.renewRefreshToken(), true, 'an old refresh token is renewed')
  await call(b.manager, 'setCookies', await phone.getWebCookies())
  await advance('170h')
  await call(a.manager, 'setCookies', await web.getWebCookies())
  await call(heldOffer, 'update')
  same(heldOffer.state, State.Accepted, 'the hold has ended')
  same((await call(heldOffer, 'getExchangeDetails'))[0], Status.Complete, 'and the trade is complete')
}

// keptForGood is a gift that nobody takes back.
async function keptForGood(a, item) {
  const offer = gift(a, { account: heldUp }, [item], 'for good')
  await call(offer, 'send')
  await confirm(a, offer.id)
  await sim(`/offers/${offer.id}/accept`, {})
  await call(offer, 'update')
  return (await call(offer, 'getExchangeDetails'))[3][0].new_assetid
}
async function settled(a, asset) {
  const [his] = await call(a.community, 'getUserInventoryContents', heldUp.steam_id, 730, 2, true)
  ok(his.some((i) => i.assetid === asset && i.tradable), 'an item whose protection has ended is in the open')
}

async function loggedOut(a) {
  await sim(`/accounts/${alice.steam_id}`, { end_sessions: true })
  same((await call(a.community, 'loggedIn'))[0], false, 'logged out everywhere')
  await fails(call(a.community, 'getTradeURL'), /Not Logged In/)
  await fails(poll(a), /401/)
}

async function plainLogin() {
  const c = new Community()
  const [, cookies] = await call(c, 'login', { accountName: alice.account_name, password: alice.password, twoFactorCode: code(alice, 30) })
  same([cookies.filter((x) => x.startsWith('steamLoginSecure')).length, (await call(c, 'loggedIn'))[0]], [sites.length, true], 'a login by steamcommunity alone')
}

await refusedLogins()
const web = await webLogin(alice)
const phone = await mobileLogin(bob)
await plainLogin()
await mailLogin()
await pictureLogin(phone.s)
await deniedLogin(phone.s)
await renewals(web.s, phone.s)
const a = await bot(web.cookies, alice)
const b = await bot(phone.cookies, bob)
given.bobBot = b
await pages(a)
await changedTradeURL(a)
await partners(a, b)
const items = (await inventory(a, 730)).filter((i) => i.market_hash_name.startsWith('P250'))
await acknowledging(a, items)
const traded = await givenAndAccepted(a, b, items)
await takenAndConfirmed(a, b)
const two = await manyConfirmations(a, b, items.slice(10))
await declinedCancelledCountered(a, b, two, items.slice(20))
await lookups(a, b, items[50])
await confirmedByItself(a, b, items[51])
await cancelledByItself(a, b, items[52])
await twoManagers(a, b, web.cookies, items[53])
await friendsTrade(a, b, items[56])
await keysOnce(a, b, items.slice(57, 59))
await familyView(b)
await underway(a, b, items[54])
await lateInvalid(a, b, items[55])
const heldOffer = await escrow(a)
await reversal(b, traded)
const asset = await keptForGood(a, items[40])
await dayAndWeekLater(a, web.s, b, phone.s, heldOffer)
await settled(a, asset)
await loggedOut(a)
console.log(`${held} promises held in ${requests} requests`)
process.exit(0)
