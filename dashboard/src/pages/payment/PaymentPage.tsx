import { useParams } from "react-router";

import { usePayment } from "../../api/payments";
import type { Payment } from "../../api/schema";
import { formatMoney } from "../../format/money";
import { detailOf } from "../../format/words";
import { Badge } from "../../ui/Badge";
import { Copy } from "../../ui/Copy";
import { Loaded } from "../../ui/States";
import { useTitle } from "../../ui/title";
import { PaymentActions } from "./PaymentActions";
import { PaymentFacts } from "./PaymentFacts";
import { PaymentRefunds } from "./PaymentRefunds";
import { PaymentWebhooks } from "./PaymentWebhooks";
import { Review } from "./Review";
import { Timeline } from "./Timeline";
import { Waiting } from "./Waiting";
import { FailureReason } from "./FailureReason";

/** One payment: facts, result, timeline and actions. */
export function PaymentPage() {
  const { id = "" } = useParams();
  useTitle(id);
  const payment = usePayment(id);
  return (
    <div className="page" data-test-id="payment-page">
      <Loaded query={payment} rows={8}>
        {(found) => <Found payment={found} />}
      </Loaded>
    </div>
  );
}

function Found({ payment }: { payment: Payment }) {
  const detail = detailOf(payment);
  return (
    <>
      <header className="page-head">
        <div>
          <p className="page-head__kind">
            Payment <span className="mono">{payment.id}</span>
            <Copy text={payment.id} what="the payment’s id" />
          </p>
          <h1 className="page-head__money">
            <span data-test-id="payment-amount">{formatMoney(payment)}</span>
            <span data-test-id="payment-status">
              <Badge status={payment.status} />
            </span>
            {detail ? <span className="page-head__detail">{detail}</span> : null}
          </h1>
        </div>
        <PaymentActions payment={payment} />
      </header>
      <FailureReason payment={payment} />
      <Review payment={payment} />
      <Waiting payment={payment} />
      <div className="columns columns--wide-first">
        <div className="stack">
          <Timeline payment={payment} />
          <PaymentWebhooks payment={payment} />
          <PaymentRefunds payment={payment} />
        </div>
        <PaymentFacts payment={payment} />
      </div>
    </>
  );
}
