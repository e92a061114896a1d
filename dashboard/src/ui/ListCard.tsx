import { SearchX } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";

import type { Page } from "../api/pages";
import { Card } from "./Card";
import type { ListState } from "./list";
import { Pager } from "./Pager";
import { Empty, Loaded } from "./States";
import { Table, type Column } from "./Table";

interface ListCardProps<Row> {
  label: string;
  /** The name of a row, if the label is not its plural. */
  noun?: string;
  testId?: string;
  list: ListState<string>;
  query: {
    data: Page<Row> | undefined;
    error: Error | null;
    isPlaceholderData: boolean;
    refetch: () => unknown;
  };
  columns: Column<Row>[];
  keyOf: (row: Row) => string;
  rowProps?: (row: Row) => Record<string, string>;
  more?: ComponentProps<typeof Table<Row>>["more"];
  /** Shown if there are no rows and no filters are set. */
  empty: ReactNode;
}

/** A paginated list: table, empty state and pager. */
export function ListCard<Row>(props: ListCardProps<Row>) {
  const { label, testId, list, query, columns, keyOf, rowProps, more, empty } = props;
  const noun = props.noun ?? label.toLowerCase().replace(/s$/, "");
  return (
    <Card flush>
      <Loaded query={query} rows={10}>
        {({ data, total, total_is_bounded, next_cursor }) => (
          <>
            <Table
              label={label}
              testId={testId}
              columns={columns}
              rows={data}
              keyOf={keyOf}
              rowProps={rowProps}
              isStale={query.isPlaceholderData}
              more={more}
              empty={list.isFiltered ? <NoMatch noun={noun} /> : empty}
            />
            <Pager
              page={list.page}
              rows={list.limit}
              total={total}
              isBounded={total_is_bounded}
              next={query.isPlaceholderData ? null : next_cursor}
              onPage={list.turn}
            />
          </>
        )}
      </Loaded>
    </Card>
  );
}

function NoMatch({ noun }: { noun: string }) {
  return (
    <Empty icon={SearchX} title={`No matching ${noun}`}>
      Remove a filter, or search for another text.
    </Empty>
  );
}
