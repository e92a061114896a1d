import { Lock } from "lucide-react";

import { Card } from "../../ui/Card";
import { Empty } from "../../ui/States";

/** For whoever may not see what belongs to all merchants. */
export function ForOperators() {
  return (
    <Card flush>
      <Empty icon={Lock} title="This needs an operator of the installation">
        Plugins serve every merchant here, so what is installed and how it is set is shown to those who run it. Their
        panels are everybody’s.
      </Empty>
    </Card>
  );
}
