import { RotateCw, Unplug } from "lucide-react";

import { Button } from "../ui/Button";
import { Empty } from "../ui/States";

/** Shown when a page fails. */
export function BrokenPage() {
  return (
    <main className="alone">
      <h1 className="visually-hidden">This page failed</h1>
      <Empty icon={Unplug} title="This page failed">
        <p>No data was lost: the gateway stores everything that you see here.</p>
        <Button look="primary" icon={RotateCw} onClick={() => location.reload()}>
          Reload
        </Button>
      </Empty>
    </main>
  );
}
