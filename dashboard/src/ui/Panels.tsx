import { Puzzle } from "lucide-react";

import { usePanel, usePanels } from "../api/panels";
import type { PanelListed, PanelShown } from "../api/schema";
import { Card } from "./Card";
import { Facts } from "./Facts";
import { Empty, Loaded } from "./States";
import { Table } from "./Table";

/** What plugins show here; nothing where none does. */
export function Panels({ place }: { place: PanelListed["place"] }) {
  const panels = usePanels(place);
  if (!panels.data?.length) return null;
  return (
    <div className="columns">
      {panels.data.map((panel) => (
        <Panel key={panel.id} panel={panel} />
      ))}
    </div>
  );
}

function Panel({ panel }: { panel: PanelListed }) {
  const shown = usePanel(panel.id);
  return (
    <Card title={panel.title} note={`By ${panel.plugin}`} flush={panel.kind === "table"} testId="plugin-panel">
      <Loaded query={shown} rows={3}>
        {(found) => (found.kind === "table" ? <Rows panel={found} /> : <Figures panel={found} />)}
      </Loaded>
    </Card>
  );
}

type Numbered = { key: string; row: PanelShown["rows"][number] };

function Rows({ panel: { title, columns, rows } }: { panel: PanelShown }) {
  const numbered = rows.map((row, place): Numbered => ({ row, key: String(place) }));
  return (
    <Table
      label={title}
      columns={columns.map(({ key, label }) => ({
        title: label,
        cell: ({ row }: Numbered) => String(row[key] ?? "—"),
      }))}
      rows={numbered}
      keyOf={({ key }) => key}
      empty={<Empty icon={Puzzle} title="Nothing to show" />}
    />
  );
}

function Figures({ panel: { figures } }: { panel: PanelShown }) {
  return (
    <Facts facts={figures.map(({ label, value, unit }) => [label, [String(value), unit].filter(Boolean).join(" ")])} />
  );
}
