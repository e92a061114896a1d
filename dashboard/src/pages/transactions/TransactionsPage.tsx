import { ArrowLeftRight, SearchX } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { LIST_ROWS_MAX, usePaymentPage, useRecentPayments } from "../../api/queries";
import type { Payment } from "../../api/types";
import { Card, PageHead } from "../../ui/Card";
import { Pager } from "../../ui/Pager";
import { Empty, Loaded } from "../../ui/States";
import { useTitle } from "../../ui/title";
import { RefundDialog } from "../payment/RefundDialog";
import { Filters } from "./Filters";
import { isAnySet, matches, useFilters } from "./filter";
import { TransactionsTable } from "./TransactionsTable";

const ROWS = 20;

/** Every payment, newest first; filtered ones among the newest thousand. */
export function TransactionsPage() {
  useTitle("Transactions");
  const { filters, page, change, turn } = useFilters();
  const isFiltered = isAnySet(filters);
  const whole = usePaymentPage(page, ROWS, !isFiltered);
  const recent = useRecentPayments(isFiltered);
  const [toRefund, setToRefund] = useState<Payment | null>(null);

  const found = recent.data?.filter((payment) => matches(payment, filters));
  const shown = isFiltered
    ? { ...recent, data: found && { data: found.slice(page * ROWS, (page + 1) * ROWS), total: found.length } }
    : whole;

  return (
    <div className="page">
      <PageHead title="Transactions" lead="Every try at paying an order, newest first." />
      <Filters filters={filters} onChange={change} />
      <Card flush>
        <Loaded query={shown} rows={10}>
          {({ data, total }) => (
            <>
              <TransactionsTable
                payments={data}
                isStale={!isFiltered && whole.isPlaceholderData}
                onRefund={setToRefund}
                empty={isFiltered ? <NoMatch /> : <NoPayments />}
              />
              <Pager page={page} rows={ROWS} total={total} onPage={turn} />
            </>
          )}
        </Loaded>
      </Card>
      {isFiltered && recent.data?.length === LIST_ROWS_MAX ? (
        <p className="footnote">Filters look at the newest {LIST_ROWS_MAX.toLocaleString("en-IN")} payments.</p>
      ) : null}
      {toRefund ? <RefundDialog payment={toRefund} onClose={() => setToRefund(null)} /> : null}
    </div>
  );
}

function NoMatch() {
  return (
    <Empty icon={SearchX} title="No payment is like that">
      Fewer filters, or another word, may find it.
    </Empty>
  );
}

function NoPayments() {
  return (
    <Empty icon={ArrowLeftRight} title="No payments yet">
      Try one in the <Link to="/dashboard/playground">playground</Link>, or see the{" "}
      <Link to="/dashboard/docs">docs</Link>.
    </Empty>
  );
}
