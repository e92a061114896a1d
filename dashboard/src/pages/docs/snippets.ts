/** The code of the docs page. All snippets run as shown, with the reader's URL and keys. */

export interface Setting {
  /** The API's origin. */
  api: string;
  /** The origin of the checkout script. */
  checkout: string;
  apiKey: string;
  apiSecret: string;
  webhookSecret: string;
}

export function createOrder({ api, apiKey, apiSecret }: Setting): string {
  return `curl -X POST ${api}/api/v1/orders \\
  -H "X-Api-Key: ${apiKey}" \\
  -H "X-Api-Secret: ${apiSecret}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "amount": 50000,
    "currency": "INR",
    "receipt": "receipt_123"
  }'`;
}

export function createPayment({ api, apiKey, apiSecret }: Setting): string {
  return `ORDER_ID=order_xyz  # the "id" that creating the order answered
curl -X POST ${api}/api/v1/payments \\
  -H "X-Api-Key: ${apiKey}" \\
  -H "X-Api-Secret: ${apiSecret}" \\
  -H "Idempotency-Key: my-first-payment-$ORDER_ID" \\
  -H "Content-Type: application/json" \\
  -d "{\\"order_id\\": \\"$ORDER_ID\\", \\"method\\": \\"upi\\", \\"vpa\\": \\"asha@paytm\\"}"`;
}

export function sdk({ checkout, apiKey }: Setting): string {
  return `<script src="${checkout}/checkout.js"></script>
<button id="pay-button">Pay now</button>
<script>
  const checkout = new PaymentGateway({
    key: '${apiKey}',
    orderId: 'order_xyz',
    onSuccess: (response) => {
      console.log('Payment ID:', response.paymentId);
    },
    onFailure: (error) => {
      console.log('Payment failed:', error);
    },
    onClose: () => {
      console.log('Checkout closed');
    }
  });
  document.getElementById('pay-button').addEventListener('click', () => checkout.open());
</script>`;
}

export function sdkWithIntegrity({ checkout }: Setting, hash: string): string {
  return `<script src="${checkout}/checkout.js"
        integrity="${hash}"
        crossorigin="anonymous"></script>`;
}

export function verifyWebhook({ webhookSecret }: Setting): string {
  return `const crypto = require('crypto');
const http = require('http');

const SECRET = ${JSON.stringify(webhookSecret)};

function isGenuine(rawBody, signature) {
  const expected = crypto.createHmac('sha256', SECRET).update(rawBody).digest('hex');
  const given = Buffer.from(String(signature));
  return given.length === expected.length && crypto.timingSafeEqual(given, Buffer.from(expected));
}

http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const rawBody = Buffer.concat(chunks);
    if (!isGenuine(rawBody, request.headers['x-webhook-signature'])) {
      response.writeHead(401).end('Invalid signature');
      return;
    }
    // The same event may arrive twice, with the same id.
    console.log(request.headers['webhook-id'], JSON.parse(rawBody).event);
    response.writeHead(200).end('OK');
  });
}).listen(4000);`;
}

export function verifyWebhookInPython({ webhookSecret }: Setting): string {
  return `import hashlib
import hmac


def is_genuine(raw_body: bytes, signature: str) -> bool:
    expected = hmac.new(b${JSON.stringify(webhookSecret)}, raw_body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)`;
}
