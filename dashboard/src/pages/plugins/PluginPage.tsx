import { Puzzle } from "lucide-react";
import { Link, useParams } from "react-router";

import { usePlugin } from "../../api/plugins";
import type { Plugin } from "../../api/schema";
import { formatDuration } from "../../format/time";
import { useSession } from "../../roles";
import { Card } from "../../ui/Card";
import { Facts } from "../../ui/Facts";
import { PanelsOf } from "../../ui/Panels";
import { Empty, Loaded } from "../../ui/States";
import { Time } from "../../ui/Time";
import { useTitle } from "../../ui/title";
import { ForOperators } from "./ForOperators";
import { OffersCard } from "./OffersCard";
import { ProcessorsCard } from "./ProcessorsCard";
import { NotYetInUse, SettingsCard } from "./SettingsCard";

/** One plugin: what it provides, its health, panels and settings. */
export function PluginPage() {
  const { id = "" } = useParams();
  useTitle(id);
  const { is_operator: isOperator } = useSession();
  const plugin = usePlugin(id);
  return (
    <div className="page" data-test-id="plugin-page">
      <header className="page-head">
        <div>
          <p className="page-head__kind">
            <Link to="/dashboard/plugins">Plugins</Link>
          </p>
          <h1 className="page-head__title">{id}</h1>
          {plugin.data ? <Origin plugin={plugin.data} /> : null}
        </div>
      </header>
      {isOperator ? (
        <Loaded query={plugin} rows={8}>
          {(found) => (found ? <Found key={found.id} plugin={found} /> : <NoSuch id={id} />)}
        </Loaded>
      ) : (
        <ForOperators />
      )}
      <PanelsOf plugin={id} />
    </div>
  );
}

function Origin({ plugin: { version, distribution } }: { plugin: Plugin }) {
  if (version === "built in") return <p className="page-head__lead">Part of paygate</p>;
  return (
    <p className="page-head__lead">
      Version {version}
      {distribution ? (
        <>
          , installed by the package <code>{distribution}</code>
        </>
      ) : null}
    </p>
  );
}

function Found({ plugin }: { plugin: Plugin }) {
  const { config, offers } = plugin;
  const processors = <ProcessorsCard processors={offers.processors} methods={offers.methods} />;
  return (
    <>
      {config?.pending ? <NotYetInUse /> : null}
      <div className="columns columns--wide-first">
        <div className="stack">
          {config ? <SettingsCard plugin={plugin.id} config={config} /> : <OffersCard plugin={plugin} />}
          {config ? null : processors}
        </div>
        <div className="stack">
          {config ? <OffersCard plugin={plugin} /> : null}
          <Health plugin={plugin} />
          {config ? processors : null}
        </div>
      </div>
    </>
  );
}

function Health({ plugin: { health, offers } }: { plugin: Plugin }) {
  const { calls, unknown, errors, p50_ms: typical, p95_ms: slow, last_error, last_error_at: at } = health;
  if (offers.processors.length === 0) return null;
  return (
    <Card title="Health" note="Calls of the last 24 hours, of all merchants" testId="plugin-health">
      <Facts
        facts={[
          ["Calls", calls.toLocaleString("en-IN")],
          ["No outcome", unknown.toLocaleString("en-IN")],
          ["Errors", errors.toLocaleString("en-IN")],
          ["Median", typical === null ? null : formatDuration(typical)],
          ["95% within", slow === null ? null : formatDuration(slow)],
          [
            "Last error",
            last_error ? (
              <span key="error">
                <span className="text--bad">{last_error}</span> {at ? <Time at={at} /> : null}
              </span>
            ) : (
              "none"
            ),
          ],
        ]}
      />
    </Card>
  );
}

function NoSuch({ id }: { id: string }) {
  return (
    <Card flush>
      <Empty icon={Puzzle} title={`There is no plugin ${id}`}>
        <Link to="/dashboard/plugins">Show installed plugins</Link>
      </Empty>
    </Card>
  );
}
