// Leads what the packages send to Steam's hosts over TLS to the simulator's
// plain listener. The packages know nothing of it: URLs, Host header and cookies
// stay Steam's. Any other host is refused, so that nothing leaves the machine.
import http from 'node:http'
import https from 'node:https'
import { urlToHttpOptions } from 'node:url'

const hosts = ['steamcommunity.com', 'api.steampowered.com', 'login.steampowered.com', 'store.steampowered.com',
  'help.steampowered.com', 'checkout.steampowered.com', 'steam.tv']

export let requests = 0

export function redirect(base) {
  const to = new URL(base)
  const agent = new http.Agent({ keepAlive: true })
  const plain = http.request
  https.request = (...args) => {
    const answered = typeof args.at(-1) === 'function' ? args.pop() : undefined
    const options = Object.assign({}, ...args.map((a) => (a instanceof Object && !(a instanceof URL) ? a : urlToHttpOptions(new URL(a)))))
    const host = options.hostname ?? options.host
    if (!hosts.includes(host)) throw new Error(`${host} is not one of Steam's hosts`)
    requests++
    return plain.call(http, {
      method: options.method, path: options.path, auth: options.auth, timeout: options.timeout, headers: { ...options.headers, host },
      host: to.hostname, port: to.port, agent,
    }, answered)
  }
  http.request = () => { throw new Error('plain HTTP to Steam') }
}
