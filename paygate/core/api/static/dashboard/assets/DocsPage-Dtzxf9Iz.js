import{Rt as e,yt as t}from"./libraries-BVRtdhCy.js";import{Dt as n,Hn as r,Mn as i,Pt as a,Vn as o,Yt as s,_n as c,xt as l}from"./shared-DVXIgjEX.js";function u({api:e,apiKey:t,apiSecret:n}){return`curl -X POST ${e}/api/v1/orders \\
  -H "X-Api-Key: ${t}" \\
  -H "X-Api-Secret: ${n}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "amount": 50000,
    "currency": "INR",
    "receipt": "receipt_123"
  }'`}function d({api:e,apiKey:t,apiSecret:n}){return`ORDER_ID=order_xyz  # the "id" that creating the order answered
curl -X POST ${e}/api/v1/payments \\
  -H "X-Api-Key: ${t}" \\
  -H "X-Api-Secret: ${n}" \\
  -H "Idempotency-Key: my-first-payment-$ORDER_ID" \\
  -H "Content-Type: application/json" \\
  -d "{\\"order_id\\": \\"$ORDER_ID\\", \\"method\\": \\"upi\\", \\"vpa\\": \\"asha@paytm\\"}"`}function f({checkout:e,apiKey:t}){return`<script src="${e}/checkout.js"><\/script>
<button id="pay-button">Pay now</button>
<script>
  const checkout = new PaymentGateway({
    key: '${t}',
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
<\/script>`}function p({checkout:e},t){return`<script src="${e}/checkout.js"
        integrity="${t}"
        crossorigin="anonymous"><\/script>`}function m({webhookSecret:e}){return`const crypto = require('crypto');
const http = require('http');

const SECRET = ${JSON.stringify(e)};

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
}).listen(4000);`}function h({webhookSecret:e}){return`import hashlib
import hmac


def is_genuine(raw_body: bytes, signature: str) -> bool:
    expected = hmac.new(b${JSON.stringify(e)}, raw_body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)`}var g=e();function _(){c(`Docs`);let e=y(),r=n();return(0,g.jsxs)(`div`,{className:`page page--text`,children:[(0,g.jsx)(s,{title:`Docs`,lead:`Your URL and keys are filled in. Replace only the order id.`}),(0,g.jsxs)(`div`,{className:`stack`,"data-test-id":`api-docs`,children:[(0,g.jsx)(`h2`,{className:`section-title`,children:`Integration Guide`}),(0,g.jsxs)(v,{testId:`section-create-order`,title:`1. Create Order`,children:[(0,g.jsx)(`p`,{children:`An order has an amount in paise. It is paid at most once, however many payments are created.`}),(0,g.jsx)(a,{label:`shell`,testId:`code-snippet-create-order`,text:u(e)})]}),(0,g.jsxs)(v,{testId:`section-create-payment`,title:`Create a payment without the checkout`,children:[(0,g.jsxs)(`p`,{children:[`The response is `,(0,g.jsx)(`code`,{children:`pending`}),`; a worker calls the processor. The`,` `,(0,g.jsx)(t,{to:`/dashboard/playground`,children:`playground`}),` lists test VPAs and cards that fail.`]}),(0,g.jsx)(a,{label:`shell`,testId:`code-snippet-create-payment`,text:d(e)})]}),(0,g.jsxs)(v,{testId:`section-sdk-integration`,title:`2. SDK Integration`,children:[(0,g.jsx)(`p`,{children:`The checkout opens over your page. Your server must rely on the webhook, not on the browser.`}),(0,g.jsx)(a,{label:`html`,testId:`code-snippet-sdk`,text:f(e)}),r.data?(0,g.jsxs)(g.Fragment,{children:[(0,g.jsxs)(`p`,{children:[`To allow only this script, use its hash. It changes when the gateway is updated:`,` `,(0,g.jsx)(`code`,{children:`/checkout/integrity.json`}),` returns it.`]}),(0,g.jsx)(a,{label:`html, pinned`,testId:`code-snippet-sdk-integrity`,text:p(e,r.data)})]}):null]}),(0,g.jsxs)(v,{testId:`section-webhook-verification`,title:`3. Verify Webhook Signature`,children:[(0,g.jsxs)(`p`,{children:[`Compare the raw bytes before parsing. Save `,(0,g.jsx)(`code`,{children:`http://localhost:4000/webhook`}),` under`,` `,(0,g.jsx)(t,{to:`/dashboard/webhooks`,children:`Webhooks`}),` to try this example.`]}),(0,g.jsx)(a,{label:`Node.js`,testId:`code-snippet-webhook`,text:m(e)}),(0,g.jsx)(a,{label:`Python`,testId:`code-snippet-webhook-python`,text:h(e)})]})]})]})}function v({testId:e,title:t,children:n}){return(0,g.jsxs)(`section`,{className:`card prose`,"data-test-id":e,children:[(0,g.jsx)(`h3`,{className:`prose__title`,children:t}),n]})}function y(){let e=l();return{api:o(),checkout:r(),apiKey:i.key||(e.data?.api_key??``),apiSecret:i.secret||`YOUR_API_SECRET`,webhookSecret:e.data?.webhook_secret??`whsec_test_abc123`}}export{_ as DocsPage};