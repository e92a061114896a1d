import { RotateCw, Unplug } from "lucide-react";

import { Button } from "../ui/Button";
import { Empty } from "../ui/States";

/** What is left when a page itself fails: a way back. */
export function BrokenPage() {
  return (
    <main className="alone">
      <h1 className="visually-hidden">This page failed</h1>
      <Empty icon={Unplug} title="This page failed">
        <p>Nothing was lost: everything you see here is kept by the gateway.</p>
        <Button look="primary" icon={RotateCw} onClick={() => location.reload()}>
          Load it again
        </Button>
      </Empty>
    </main>
  );
}
