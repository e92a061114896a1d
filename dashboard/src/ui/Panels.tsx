import { Puzzle } from "lucide-react";
import { Link } from "react-router";

import { usePanel, usePanels } from "../api/panels";
import type { PanelFigure, PanelListed, PanelShown } from "../api/schema";
import { useSession } from "../roles";
import { Card } from "./Card";
import { Empty, Loaded } from "./States";
import { Table, type Column } from "./Table";

/** The panels of plugins for this page. */
export function Panels({ place }: { place: PanelListed["place"] }) {
  return <Chosen isWanted={(panel) => panel.place === place} isPlugin={false} />;
}

/** All panels of one plugin. */
export function PanelsOf({ plugin }: { plugin: string }) {
  return <Chosen isWanted={(panel) => panel.plugin === plugin} isPlugin />;
}

interface ChosenProps {
  isWanted: (panel: PanelListed) => boolean;
  /** Whether this is the plugin's own page. */
  isPlugin: boolean;
}

function Chosen({ isWanted, isPlugin }: ChosenProps) {
  const panels = usePanels(isWanted);
  if (!panels.data?.length) return null;
  return (
    <div className="columns">
      {panels.data.map((panel) => (
        <Panel key={panel.id} panel={panel} isPlugin={isPlugin} />
      ))}
    </div>
  );
}

function Panel({ panel, isPlugin }: { panel: PanelListed; isPlugin: boolean }) {
  const shown = usePanel(panel.id);
  return (
    <Card
      title={panel.title}
      note={isPlugin ? PLACES[panel.place] : <By plugin={panel.plugin} />}
      flush
      testId="plugin-panel"
    >
      <Loaded query={shown} rows={3}>
        {(found) => (found.kind === "table" ? <Rows panel={found} /> : <Figures figures={found.figures} />)}
      </Loaded>
    </Card>
  );
}

const PLACES: Record<PanelListed["place"], string> = {
  overview: "Also on the overview",
  payments: "Also below the transactions",
  plugins: "Also below the plugins",
};

function By({ plugin }: { plugin: string }) {
  const { is_operator: isOperator } = useSession();
  if (!isOperator) return <>By {plugin}</>;
  return (
    <>
      By <Link to={`/dashboard/plugins/${encodeURIComponent(plugin)}`}>{plugin}</Link>
    </>
  );
}

type Cell = PanelShown["rows"][number][string];
type Numbered = { key: string; row: PanelShown["rows"][number] };

function Rows({ panel: { title, columns, rows } }: { panel: PanelShown }) {
  const numbered = rows.map((row, place): Numbered => ({ row, key: String(place) }));
  const drawn = columns.map(({ key, label }): Column<Numbered> => {
    const cell = ({ row }: Numbered) => textOf(row[key]);
    return isNumeric(rows.map((row) => row[key])) ? { title: label, align: "end", cell } : { title: label, cell };
  });
  return (
    <Table
      label={title}
      columns={drawn}
      rows={numbered}
      keyOf={({ key }) => key}
      empty={<Empty icon={Puzzle} title="Nothing to show" />}
    />
  );
}

/** Whether a column is right-aligned. */
function isNumeric(cells: (Cell | undefined)[]): boolean {
  const filled = cells.filter((cell) => cell !== null && cell !== undefined);
  return filled.length > 0 && filled.every((cell) => typeof cell === "number");
}

function textOf(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return "—";
  if (typeof cell === "boolean") return cell ? "yes" : "no";
  return typeof cell === "number" ? cell.toLocaleString("en-IN") : cell;
}

function Figures({ figures }: { figures: PanelFigure[] }) {
  if (figures.length === 0) return <Empty icon={Puzzle} title="Nothing to show" />;
  return (
    <dl className="stats stats--inside">
      {figures.map(({ label, value, unit }) => (
        <div key={label} className="stat">
          <dt className="stat__title">{label}</dt>
          <dd className="stat__figure">
            {textOf(value)}
            {unit ? <span className="stat__unit"> {unit}</span> : null}
          </dd>
        </div>
      ))}
    </dl>
  );
}
