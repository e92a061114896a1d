import { SearchX } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { useScenarios } from "../../api/simulator";
import type { ScenarioListed } from "../../api/schema";
import { Card } from "../../ui/Card";
import { Copy } from "../../ui/Copy";
import { Segments } from "../../ui/Segments";
import { Empty, Loaded } from "../../ui/States";
import { Table, type Column } from "../../ui/Table";
import { KINDS, kindOf, type Kind } from "./kinds";

const COLUMNS: Column<ScenarioListed>[] = [
  {
    title: "Scenario",
    cell: ({ name }) => (
      <Link className="mono" to={`/dashboard/playground?scenario=${encodeURIComponent(name)}`}>
        {name}
      </Link>
    ),
  },
  { title: "What happens", cell: ({ description }) => description },
  { title: "Address", cell: ({ vpa }) => (vpa ? <Magic text={vpa} /> : "—") },
  { title: "Card", cell: ({ card }) => (card ? <Magic text={card} /> : "—") },
];

/** All scenarios by group, with their VPA and card number. */
export function Catalogue() {
  const scenarios = useScenarios();
  const [kind, setKind] = useState<Kind | "all">("all");
  const [text, setText] = useState("");
  return (
    <Card
      title="Catalogue"
      note="Select one to try it, or pay with its address or card"
      flush
      testId="scenario-catalogue"
      actions={<Segments label="Kind" values={[["all", "All"], ...KINDS]} value={kind} onChange={setKind} />}
    >
      <div className="card__filters">
        <input
          className="input filters__search"
          type="search"
          aria-label="Search scenarios"
          placeholder="Search by name or description"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      <Loaded query={scenarios} rows={8}>
        {(all) => (
          <Table
            label="Scenarios"
            testId="scenarios-table"
            columns={COLUMNS}
            rows={all.filter((one) => isLike(one, text) && (kind === "all" || kindOf(one.name) === kind))}
            keyOf={({ name }) => name}
            rowProps={({ name }) => ({ "data-test-id": "scenario-row", "data-scenario": name })}
            empty={<Empty icon={SearchX} title="No matching scenario" />}
          />
        )}
      </Loaded>
    </Card>
  );
}

function Magic({ text }: { text: string }) {
  return (
    <span className="magic">
      <span className="mono nowrap">{text}</span>
      <Copy text={text} what={text} />
    </span>
  );
}

function isLike({ name, description }: ScenarioListed, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return [name, name.replaceAll("_", " "), description.toLowerCase()].some((one) => one.includes(wanted));
}
