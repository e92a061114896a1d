// What the merchants' receivers have in common, without npm: a body that is read the
// way `express.json()` reads it, and a signature checked over the body written again.
'use strict'

const crypto = require('node:crypto')
const http = require('node:http')

// As `express.json()`: other content types give an empty object, and what is not JSON
// never reaches the application.
function parse(raw, contentType) {
  if (!/^application\/json\b/.test(contentType ?? '')) return {}
  return JSON.parse(raw.toString('utf8'))
}

function isGenuine(body, signature, secret) {
  const payload = JSON.stringify(body)
  const expected = crypto.createHmac('sha256', secret).update(payload).digest('hex')
  return signature === expected
}

async function read(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

// One line of JSON for whoever started us: the bytes, and what JavaScript makes of them.
function tell(request, raw, body, genuine) {
  const report = {
    event: body.event ?? null,
    genuine,
    headers: request.headers,
    raw: raw.toString('base64'),
    rewritten: Buffer.from(JSON.stringify(body), 'utf8').toString('base64'),
  }
  process.stdout.write(JSON.stringify(report) + '\n')
}

function answer(response, status, content) {
  const isText = typeof content === 'string'
  response.writeHead(status, { 'Content-Type': isText ? 'text/html' : 'application/json' })
  response.end(isText ? content : JSON.stringify(content))
}

// `routes` is "METHOD /path" → (body, response, url parts, genuine) that answers.
function listen(port, secret, routes) {
  const server = http.createServer(async (request, response) => {
    const raw = await read(request)
    const [, first, ...rest] = request.url.split('/')
    const route = routes[`${request.method} /${first}`]
    if (!route) return answer(response, 404, 'Cannot ' + request.method)
    if (request.method !== 'POST') return route(null, response, rest)
    let body
    try {
      body = parse(raw, request.headers['content-type'])
    } catch {
      return answer(response, 400, 'Bad Request')
    }
    const genuine = isGenuine(body, request.headers['x-webhook-signature'], secret)
    tell(request, raw, body, genuine)
    route(body, response, rest, genuine)
  })
  server.listen(port, '127.0.0.1')
}

module.exports = { answer, listen }
