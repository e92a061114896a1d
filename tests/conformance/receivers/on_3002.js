// The receiver of the newer clients: the same check, JSON answers, a log to look at,
// and fields that are read straight from `data`.
'use strict'

const { answer, listen } = require('./express.js')

const port = Number(process.env.PORT ?? 3002)
const secret = process.env.WEBHOOK_SECRET ?? 'whsec_test_abc123'
const logs = []

// What the programs of merchants read, event by event. Each must be there.
const PAYMENT = ({ data }) => ({
  payment_id: data.payment_id,
  paymentId: data.paymentId,
  'payment.id': data.payment?.id,
  'payment.order_id': data.payment?.order_id,
  'payment.amount': data.payment?.amount,
  'payment.currency': data.payment?.currency,
  'payment.method': data.payment?.method,
  'payment.status': data.payment?.status,
  'payment.created_at': data.payment?.created_at,
  order_id: data.order_id,
  amount: data.amount,
  currency: data.currency,
  method: data.method,
  created_at: data.created_at,
})
const FAILED = (body) => ({
  ...PAYMENT(body),
  reason: body.data.reason,
  'payment.error_code': body.data.payment?.error_code,
})
const REFUND = ({ data }) => ({
  refund_id: data.refund_id,
  refundId: data.refundId,
  payment_id: data.payment_id,
  paymentId: data.paymentId,
  'refund.id': data.refund?.id,
  'refund.payment_id': data.refund?.payment_id,
  'refund.amount': data.refund?.amount,
  'refund.reason': data.refund?.reason,
  'refund.status': data.refund?.status,
  'refund.created_at': data.refund?.created_at,
  amount: data.amount,
  reason: data.reason,
  created_at: data.created_at,
})
const PROCESSED = (body) => ({
  ...REFUND(body),
  processed_at: body.data.processed_at,
  'refund.processed_at': body.data.refund?.processed_at,
})
const READERS = {
  'payment.created': PAYMENT,
  'payment.pending': PAYMENT,
  'payment.success': PAYMENT,
  'payment.failed': FAILED,
  'payment.authorized': PAYMENT,
  'payment.captured': PAYMENT,
  'payment.cancelled': PAYMENT,
  'refund.created': REFUND,
  'refund.processed': PROCESSED,
  'refund.failed': REFUND,
  'webhook.test': ({ data }) => ({ message: data.message, sample_id: data.sample_id }),
}

function received(body) {
  const seen = READERS[body.event](body)
  if (body.data.method === 'upi') seen.vpa = body.data.vpa
  if (body.data.method === 'card') seen.card_last4 = body.data.payment.card_last4
  const missing = Object.keys(seen).filter((name) => seen[name] === undefined || seen[name] === null)
  const receivedAt = new Date().toISOString()
  return { id: logs.length + 1, event: body.event, timestamp: body.timestamp, receivedAt, seen, missing }
}

listen(port, secret, {
  'POST /webhook': (body, response, _rest, genuine) => {
    if (!genuine) return answer(response, 401, { error: 'Invalid signature' })
    logs.unshift(received(body))
    answer(response, 200, { status: 'success' })
  },
  'GET /logs': (_body, response, [id]) => {
    if (id === undefined) return answer(response, 200, logs)
    const found = logs.find((log) => String(log.id) === id)
    answer(response, found ? 200 : 404, found ?? { error: 'Not found' })
  },
  'DELETE /logs': (_body, response) => {
    logs.length = 0
    answer(response, 200, { status: 'cleared' })
  },
  'GET /health': (_body, response) => answer(response, 200, { status: 'ok' }),
})
