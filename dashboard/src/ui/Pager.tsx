import { ChevronLeft, ChevronRight } from "lucide-react";

import { Button } from "./Button";

interface PagerProps {
  /** From 0. */
  page: number;
  rows: number;
  total: number;
  /** The list is longer than `total`. */
  isBounded?: boolean | undefined;
  /** Where the next page begins; null at the end, and while the rows are those of another page. */
  next: string | null;
  onPage: (page: number, cursor?: string) => void;
}

/** The pager of a list: range, previous, next. */
export function Pager({ page, rows, total, isBounded, next, onPage }: PagerProps) {
  if (total === 0) return null;
  const first = page * rows + 1;
  const last = isBounded ? first + rows - 1 : Math.min(total, first + rows - 1);
  return (
    <nav className="pager" aria-label="Pages">
      <span className="pager__where" aria-live="polite">
        {first.toLocaleString("en-IN")}–{last.toLocaleString("en-IN")} of {total.toLocaleString("en-IN")}
        {isBounded ? "+" : ""}
      </span>
      <Button size="small" icon={ChevronLeft} disabled={page === 0} onClick={() => onPage(page - 1)}>
        Newer
      </Button>
      <Button size="small" disabled={next === null} onClick={() => onPage(page + 1, next ?? undefined)}>
        Older
        <ChevronRight className="icon" aria-hidden />
      </Button>
    </nav>
  );
}
