import type { ReactNode } from "react";

import { isRefused } from "../../api/action";
import { LIST_ROWS_MAX, useAmounts, useTotals } from "../../api/payments";
import { useWorkStatus } from "../../api/work";
import { formatMoney } from "../../format/money";
import { Failure } from "../../ui/States";
import { received } from "./figures";

/** The figures at the top. They stay after a failed refresh. */
export function Stats() {
  const totals = useTotals();
  const work = useWorkStatus();
  const { data } = totals;
  if (!data && totals.error) return <Failure error={totals.error} retry={() => void totals.refetch()} />;
  return (
    <dl className="stats stats--money" data-test-id="stats-container">
      <Stat title="Transactions" testId="total-transactions">
        {data?.totalTransactions.toLocaleString("en-IN")}
      </Stat>
      <AmountReceived total={data?.totalAmount} />
      <Stat title="Success rate" testId="success-rate">
        {data && `${data.successRate}%`}
      </Stat>
      {isRefused(work.error) ? null : (
        <Stat title="Jobs waiting" testId="pending-jobs">
          {work.data && String(work.data.pending + work.data.processing)}
        </Stat>
      )}
    </dl>
  );
}

/** The amount in rupees, and amounts in other currencies.
 *
 * The API adds minor units of all currencies. While the list of payments is complete, this adds
 * each currency separately.
 */
function AmountReceived({ total }: { total: number | undefined }) {
  const { data: payments } = useAmounts();
  const sums = payments && payments.length < LIST_ROWS_MAX ? received(payments) : new Map<string, number>();
  const rupees = sums.get("INR") ?? 0;
  const others = [...sums].filter(([currency]) => currency !== "INR");
  const amount = others.length > 0 ? rupees : total;
  return (
    <Stat
      title="Amount received"
      testId="total-amount"
      isWide
      note={others.map(([currency, sum]) => `+ ${formatMoney({ amount: sum, currency })}`).join(" ")}
    >
      {amount === undefined ? undefined : formatMoney({ amount, currency: "INR" })}
    </Stat>
  );
}

interface StatProps {
  title: string;
  testId: string;
  note?: string;
  /** A separate line on narrow screens. */
  isWide?: boolean;
  children: ReactNode;
}

function Stat({ title, testId, note, isWide, children }: StatProps) {
  return (
    <div className={isWide ? "stat stat--wide" : "stat"}>
      <dt className="stat__title">{title}</dt>
      <dd
        className={children === undefined ? "stat__figure stat__figure--to-come" : "stat__figure"}
        data-test-id={testId}
      >
        {children}
      </dd>
      {note ? <dd className="stat__note">{note}</dd> : null}
    </div>
  );
}
