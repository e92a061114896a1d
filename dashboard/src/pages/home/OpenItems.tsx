import { Scale } from "lucide-react";
import { Link } from "react-router";

import { useAttention } from "../../api/attention";
import { count } from "../../format/words";

/** The number of items that need attention; hidden if there are none. */
export function OpenItems() {
  const { data = [] } = useAttention(false);
  if (data.length === 0) return null;
  return (
    <section className="callout callout--busy" data-test-id="open-items">
      <Scale className="icon callout__icon" aria-hidden />
      <div className="callout__words">
        <h2 className="callout__title">{count(data.length, "item")} to check</h2>
        <p>
          The gateway and a processor may differ. <Link to="/dashboard/attention">Open the list</Link>
        </p>
      </div>
    </section>
  );
}
