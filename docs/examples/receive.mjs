// A merchant's receiver in plain Node: verifies and prints notifications.
//   node docs/examples/receive.mjs 100001 CLIENT_SECRET 9000
import { createHmac, createHash, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'

const [id, secret, port = '9000'] = process.argv.slice(2)
const same = (a, b) => Buffer.byteLength(a) === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
const token = createHash('md5').update(id + secret).digest('hex')

// Deposit notifications carry `sign`: HMAC-SHA1 over the sorted scalar fields.
const sign = (body) =>
  createHmac('sha1', secret)
    .update(Object.keys(body).filter((k) => k !== 'sign' && typeof body[k] !== 'object').sort().map((k) => `${k}:${body[k]};`).join(''))
    .digest('hex')

// What is not one JSON object was not sent by the gateway.
const read = (raw) => {
  try {
    return Object(JSON.parse(raw))
  } catch {
    return {}
  }
}

createServer((req, res) => {
  let raw = ''
  req.setEncoding('utf8')
  req.on('data', (part) => (raw += part))
  req.on('end', () => {
    const body = read(raw)
    const genuine =
      same(req.headers['x-sign'] ?? '', token) &&
      ('event' in body
        ? same(req.headers.signature ?? '', createHmac('sha256', secret).update(raw).digest('hex'))
        : same(String(body.sign ?? ''), sign(body)))
    console.log(genuine ? 'verified' : 'FORGED', body.event ?? body.status ?? '?', raw)
    res.writeHead(genuine ? 200 : 403).end('{}')
  })
}).listen(Number(port), '127.0.0.1')
