import { ChevronRight } from "lucide-react";
import { Fragment, useId, useState, type ReactNode } from "react";

import { useFits } from "./use-fits";

export interface Column<Row> {
  /** The heading; empty for actions. */
  title: string;
  testId?: string | undefined;
  align?: "end";
  cell: (row: Row) => ReactNode;
}

interface TableProps<Row> {
  /** The table's name for screen readers. */
  label: string;
  testId?: string | undefined;
  columns: Column<Row>[];
  rows: Row[];
  keyOf: (row: Row) => string;
  rowProps?: ((row: Row) => Record<string, string>) | undefined;
  /** While another page of the list is loading. */
  isStale?: boolean;
  /** Shown if there are no rows. A table with a test id is rendered even then. */
  empty?: ReactNode;
  /** The details of a row, and the label of their button. */
  more?: { label: (row: Row) => string; show: (row: Row) => ReactNode };
}

/** A table that is shown as cards if it does not fit.
 *
 * Some browsers remove a table's semantics if `display` changes, so the roles are explicit.
 */
export function Table<Row>(props: TableProps<Row>) {
  const { label, testId, columns, rows, keyOf, rowProps, isStale, empty, more } = props;
  const { box, table, fits } = useFits();
  const fold = useFold();
  return (
    <div className="table-box" ref={box}>
      <table
        ref={table}
        className={`table${fits ? "" : " table--cards"}${isStale ? " table--stale" : ""}`}
        role="table"
        aria-label={label}
        data-test-id={testId}
        hidden={rows.length === 0 && empty !== undefined && testId === undefined}
      >
        <thead role="rowgroup">
          <tr role="row">
            {more ? <Heading title="" align={undefined} /> : null}
            {columns.map((column) => (
              <Heading key={column.title} title={column.title} align={column.align} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <Fragment key={keyOf(row)}>
              <tr role="row" {...rowProps?.(row)}>
                {more ? (
                  <td role="cell" data-label="" className="table__fold">
                    <FoldButton label={more.label(row)} {...fold(keyOf(row))} />
                  </td>
                ) : null}
                {columns.map((column) => (
                  <td
                    key={column.title}
                    role="cell"
                    data-test-id={column.testId}
                    data-label={column.title}
                    className={column.align === "end" ? "table__end" : undefined}
                  >
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
              {more && fold(keyOf(row)).isOpen ? (
                <tr role="row" className="table__unfolded" id={fold(keyOf(row)).id}>
                  <td role="cell" colSpan={columns.length + 1} data-label="">
                    <div className="table__more">{more.show(row)}</div>
                  </td>
                </tr>
              ) : null}
            </Fragment>
          ))}
        </tbody>
      </table>
      {rows.length === 0 ? empty : null}
    </div>
  );
}

interface Fold {
  id: string;
  isOpen: boolean;
  onTurn: () => void;
}

/** The expanded rows. */
function useFold(): (key: string) => Fold {
  const table = useId();
  const [open, setOpen] = useState<readonly string[]>([]);
  return (key) => ({
    id: `${table}-${key}`,
    isOpen: open.includes(key),
    onTurn: () => setOpen(open.includes(key) ? open.filter((one) => one !== key) : [...open, key]),
  });
}

function FoldButton({ label, id, isOpen, onTurn }: Fold & { label: string }) {
  return (
    <button
      type="button"
      className="icon-button table__turn"
      aria-label={label}
      aria-expanded={isOpen}
      aria-controls={isOpen ? id : undefined}
      onClick={onTurn}
    >
      <span className="table__fold-word">More</span>
      <ChevronRight className="icon table__chevron" aria-hidden />
    </button>
  );
}

function Heading({ title, align }: { title: string; align: "end" | undefined }) {
  const style = align === "end" ? "table__end" : undefined;
  // A cell, not a heading: the column of actions has no name.
  if (title === "") return <td role="cell" className={style} />;
  return (
    <th role="columnheader" scope="col" className={style}>
      {title}
    </th>
  );
}
