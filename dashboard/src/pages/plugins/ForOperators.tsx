import { Lock } from "lucide-react";

import { Card } from "../../ui/Card";
import { Empty } from "../../ui/States";

/** Shown to users who are not operators. */
export function ForOperators() {
  return (
    <Card flush>
      <Empty icon={Lock} title="This requires an operator">
        Plugins serve all merchants, so only operators see them and their settings. All users
        see their panels.
      </Empty>
    </Card>
  );
}
