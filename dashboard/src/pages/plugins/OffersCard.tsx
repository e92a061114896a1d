import type { ReactNode } from "react";
import { Link } from "react-router";

import type { Plugin } from "../../api/schema";
import { count } from "../../format/words";
import { IS_TEST_GATEWAY } from "../../session";
import { Card } from "../../ui/Card";
import { Facts } from "../../ui/Facts";

/** Everything that a plugin provides, by kind. */
export function OffersCard({ plugin: { id, offers } }: { plugin: Plugin }) {
  // Names that are unique per plugin have the plugin's id as a prefix.
  const own = (names: string[]) => names.map((name) => (name.startsWith(`${id}.`) ? name.slice(id.length + 1) : name));
  const facts: [name: string, value: ReactNode][] = [
    ["Methods", chips(offers.methods.map(({ code, label }) => (label === code ? code : `${label} (${code})`)))],
    ["Processors", chips(offers.processors.map((processor) => processor.id))],
    ["Sinks", chips(offers.sinks.map((sink) => sink.id))],
    ["Retry policies", chips(offers.retry_policies.map(policyOf))],
    ["Routers", chips(offers.routers)],
    ["Risk checks", chips(offers.risk_checks)],
    ["Scenarios", offers.scenarios.length > 0 ? <Scenarios names={offers.scenarios} /> : null],
    ["Routes", codes(own(offers.routes).map((route) => route.replace(" ", ` /plugins/${id}`).replaceAll("{}", "{…}")))],
    ["Commands", codes(own(offers.commands).map((verb) => `paygate x ${id} ${verb}`))],
    ["Panels", chips(own(offers.panels))],
  ];
  const isEmpty = facts.every(([, value]) => value === null);
  return (
    <Card title="Provides" testId="plugin-offers">
      {isEmpty ? <p className="footnote">Nothing.</p> : <Facts facts={facts} />}
    </Card>
  );
}

function policyOf({ name, applies_to: targets }: Plugin["offers"]["retry_policies"][number]): string {
  return targets.length > 0 ? `${name}: ${targets.join(", ")}` : `${name}: not in use`;
}

function Scenarios({ names }: { names: string[] }) {
  const words = count(names.length, "scenario");
  return IS_TEST_GATEWAY ? <Link to="/dashboard/simulator">{words}</Link> : <>{words}</>;
}

function chips(words: string[]): ReactNode {
  return words.length > 0 ? words.map((word) => <Chip key={word}>{word}</Chip>) : null;
}

function codes(lines: string[]): ReactNode {
  return lines.length > 0 ? lines.map((line) => <code key={line}>{line}</code>) : null;
}

/** A name among others. */
export function Chip({ children }: { children: ReactNode }) {
  return <span className="offer">{children}</span>;
}
