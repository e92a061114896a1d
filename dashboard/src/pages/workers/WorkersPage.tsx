import { isRefused } from "../../api/action";
import type { Work } from "../../api/schema";
import { useHealth, useWorkStatus } from "../../api/work";
import { WaitingChart } from "../../charts/WaitingChart";
import { Badge } from "../../ui/Badge";
import { Card, PageHead } from "../../ui/Card";
import { Facts } from "../../ui/Facts";
import { Loaded } from "../../ui/States";
import { useTitle } from "../../ui/title";
import { Processes, Queues } from "./Detail";
import { useHistory } from "./history";

const FIGURES: { key: "pending" | "processing" | "completed" | "failed"; title: string; note: string }[] = [
  { key: "pending", title: "Waiting", note: "due, or due later" },
  { key: "processing", title: "In progress", note: "leased by a worker" },
  { key: "completed", title: "Done", note: "completed or delivered" },
  { key: "failed", title: "Failed", note: "not delivered, or dead-letter" },
];

/** The queues, the workers and their dependencies. */
export function WorkersPage() {
  useTitle("Workers");
  const work = useWorkStatus();
  const history = useHistory(work.data, work.dataUpdatedAt);
  const isAllowed = !isRefused(work.error);
  return (
    <div className="page">
      <PageHead
        title="Workers"
        lead="Payments, refunds and webhooks are rows with a due time; workers claim them in the database."
      />
      {isAllowed ? (
        <Loaded query={work} rows={3}>
          {(status) => <Queue status={status} />}
        </Loaded>
      ) : null}
      <Queues />
      <div className={isAllowed ? "columns columns--wide-first" : "columns"}>
        {isAllowed ? (
          <Card title="Work in progress" note="Since this page was opened">
            <WaitingChart samples={history} />
          </Card>
        ) : null}
        <Ground worker={work.data?.worker_status} />
      </div>
      <Processes />
      <p className="footnote">
        Without Redis, work continues with a delay of one or two seconds: Redis only notifies workers, and PostgreSQL holds the queue.
      </p>
    </div>
  );
}

function Queue({ status }: { status: Work }) {
  return (
    <>
      {status.worker_status === "running" ? null : <NoWorker />}
      <dl className="stats" data-test-id="job-status">
        {FIGURES.map(({ key, title, note }) => (
          <div key={key} className="stat">
            <dt className="stat__title">{title}</dt>
            <dd className="stat__figure" data-test-id={`jobs-${key}`}>
              {status[key].toLocaleString("en-IN")}
            </dd>
            <dd className="stat__note">{note}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Ground({ worker }: { worker: string | undefined }) {
  const health = useHealth();
  return (
    <Card title="Dependencies">
      <Loaded query={health} rows={3}>
        {(found) => (
          <Facts
            facts={[
              ["Worker", worker ? <Badge key="worker" status={worker} /> : null],
              ["API", <Badge key="api" status={found.status} />],
              ["PostgreSQL", <Badge key="database" status={found.database} />],
              ["Redis", found.redis ? <Badge key="redis" status={found.redis} /> : null],
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}

function NoWorker() {
  return (
    <section className="callout" role="alert">
      <div>
        <h2 className="callout__title">No worker is running</h2>
        <p>
          New payments stay pending and webhooks wait. Start one with <code>paygate work</code>; no data is lost
          meanwhile.
        </p>
      </div>
    </section>
  );
}
