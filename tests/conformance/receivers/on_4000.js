// The receiver of the older clients: verifies what it parsed and wrote again, answers
// `OK`, and reads the payment or refund inside `data`.
'use strict'

const { answer, listen } = require('./express.js')

const port = Number(process.env.PORT ?? 4000)
const secret = process.env.WEBHOOK_SECRET ?? 'whsec_test_abc123'

listen(port, secret, {
  'POST /webhook': (body, response, _rest, genuine) => {
    if (!genuine) return answer(response, 401, 'Invalid signature')
    // As their programs do it; a missing `data` would throw and end the process.
    const subject = body.data.payment?.id ?? body.data.refund?.id ?? body.data.sample_id
    if (typeof subject !== 'string') throw new Error(`nothing to read in ${body.event}`)
    answer(response, 200, 'OK')
  },
})
