import { Puzzle } from "lucide-react";
import { Link } from "react-router";

import { usePlugins } from "../../api/plugins";
import type { Plugin } from "../../api/schema";
import { formatDuration } from "../../format/time";
import { useSession } from "../../roles";
import { Badge } from "../../ui/Badge";
import { Card, PageHead } from "../../ui/Card";
import { Panels } from "../../ui/Panels";
import { Empty, Loaded } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { useTitle } from "../../ui/title";
import { ForOperators } from "./ForOperators";
import { inShort } from "./offers";

/** The installed plugins and their health. */
export function PluginsPage() {
  useTitle("Plugins");
  const { is_operator: isOperator } = useSession();
  return (
    <div className="page">
      <PageHead title="Plugins" lead="Payment methods, processors and event sinks are plugins." />
      {isOperator ? <Installed /> : <ForOperators />}
      <Panels place="plugins" />
      {isOperator ? (
        <p className="footnote">
          The figures are processor calls of the last 24 hours, of all merchants. A plugin is a Python package:{" "}
          <code>pip install</code> it and restart paygate.
        </p>
      ) : null}
    </div>
  );
}

function Installed() {
  const plugins = usePlugins();
  return (
    <Card flush>
      <Loaded query={plugins} rows={5}>
        {(rows) => (
          <Table
            label="Plugins"
            testId="plugins-table"
            columns={COLUMNS}
            rows={rows}
            keyOf={(plugin) => plugin.id}
            rowProps={(plugin) => ({ "data-test-id": "plugin-row", "data-plugin-id": plugin.id })}
            empty={<Empty icon={Puzzle} title="No plugins are installed" />}
          />
        )}
      </Loaded>
    </Card>
  );
}

const COLUMNS: Column<Plugin>[] = [
  {
    title: "Plugin",
    cell: ({ id }) => <Link to={`/dashboard/plugins/${encodeURIComponent(id)}`}>{id}</Link>,
  },
  { title: "Version", cell: ({ version }) => <span className="nowrap">{version}</span> },
  { title: "Offers", cell: ({ offers }) => inShort(offers) },
  { title: "Calls", align: "end", cell: ({ health }) => health.calls.toLocaleString("en-IN") },
  { title: "No outcome", align: "end", cell: ({ health }) => <Wrong number={health.unknown} /> },
  { title: "Errors", align: "end", cell: ({ health }) => <Wrong number={health.errors} /> },
  {
    title: "p95",
    align: "end",
    cell: ({ health }) => (
      <span className="nowrap">{health.p95_ms === null ? "—" : formatDuration(health.p95_ms)}</span>
    ),
  },
  { title: "Settings", cell: ({ config }) => <Settings config={config} /> },
];

function Wrong({ number }: { number: number }) {
  return <span className={number > 0 ? "text--bad" : undefined}>{number.toLocaleString("en-IN")}</span>;
}

function Settings({ config }: Pick<Plugin, "config">) {
  if (!config) return <>none</>;
  if (config.pending) return <Badge status="restart needed" />;
  const set = Object.values(config.source).filter((source) => source !== "default").length;
  return <>{set === 0 ? "default" : `${set} of ${Object.keys(config.source).length} set`}</>;
}
