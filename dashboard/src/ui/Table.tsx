import type { ReactNode } from "react";

import { useFits } from "./use-fits";

export interface Column<Row> {
  /** The heading; an empty one is for actions. */
  title: string;
  testId?: string | undefined;
  align?: "end";
  cell: (row: Row) => ReactNode;
}

interface TableProps<Row> {
  /** What the table is, for those who cannot see where it stands. */
  label: string;
  testId?: string | undefined;
  columns: Column<Row>[];
  rows: Row[];
  keyOf: (row: Row) => string;
  rowProps?: ((row: Row) => Record<string, string>) | undefined;
  /** While another page of the list is on its way. */
  isStale?: boolean;
  /** Shown below when there are no rows. A table with a test id stands even then. */
  empty?: ReactNode;
}

/** A table that becomes a list of cards where it has no room.
 *
 * Changing `display` takes a table's meaning away in some browsers, so the roles
 * are written out.
 */
export function Table<Row>({ label, testId, columns, rows, keyOf, rowProps, isStale, empty }: TableProps<Row>) {
  const { box, table, fits } = useFits();
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
            {columns.map((column) => (
              <Heading key={column.title} title={column.title} align={column.align} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row" {...rowProps?.(row)}>
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
          ))}
        </tbody>
      </table>
      {rows.length === 0 ? empty : null}
    </div>
  );
}

function Heading({ title, align }: { title: string; align: "end" | undefined }) {
  const style = align === "end" ? "table__end" : undefined;
  // A cell and no heading: there is nothing to say about a column of actions.
  if (title === "") return <td role="cell" className={style} />;
  return (
    <th role="columnheader" scope="col" className={style}>
      {title}
    </th>
  );
}
