import { FlaskConical } from "lucide-react";

import { usePayment } from "../../api/payments";
import { formatMoney } from "../../format/money";
import { detailOf, instrumentOf } from "../../format/words";
import { Badge } from "../../ui/Badge";
import { ButtonLink } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Empty, Loaded } from "../../ui/States";
import { Timeline } from "../payment/Timeline";
import { Waiting } from "../payment/Waiting";
import { FailureReason } from "../payment/FailureReason";

/** The live result of the payment. */
export function Outcome({ paymentId }: { paymentId: string | null }) {
  if (!paymentId) {
    return (
      <Card title="Result">
        <Empty icon={FlaskConical} title="No payment yet">
          Choose an outcome and press “Create and pay”.
        </Empty>
      </Card>
    );
  }
  return <Live id={paymentId} />;
}

function Live({ id }: { id: string }) {
  const query = usePayment(id);
  return (
    <Loaded query={query} rows={4}>
      {(payment) => (
        <>
          <Card
            title="Result"
            testId="playground-outcome"
            actions={
              <ButtonLink size="small" to={`/dashboard/transactions/${id}`}>
                Open payment
              </ButtonLink>
            }
          >
            <p className="page-head__money page-head__money--small" aria-live="polite">
              {formatMoney(payment)} <Badge status={payment.status} />
              <span className="page-head__detail">{detailOf(payment) ?? instrumentOf(payment)}</span>
            </p>
          </Card>
          <FailureReason payment={payment} />
          <Waiting payment={payment} />
          <Timeline payment={payment} />
        </>
      )}
    </Loaded>
  );
}
