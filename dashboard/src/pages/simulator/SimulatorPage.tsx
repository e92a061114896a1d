import { FlaskConical } from "lucide-react";

import { ButtonLink } from "../../ui/Button";
import { PageHead } from "../../ui/Card";
import { useTitle } from "../../ui/title";
import { Callbacks } from "./Callbacks";
import { Catalogue } from "./Catalogue";
import { ClockCard } from "./ClockCard";
import { DefaultScenario } from "./DefaultScenario";

/** Scenarios of simulated processors, and the test clock. */
export function SimulatorPage() {
  useTitle("Simulator");
  return (
    <div className="page">
      <PageHead
        title="Simulator"
        lead="Test every outcome of a processor, and advance the clock."
        actions={
          <ButtonLink to="/dashboard/playground" icon={FlaskConical}>
            Create payment
          </ButtonLink>
        }
      />
      <div className="columns columns--level">
        <ClockCard />
        <DefaultScenario />
      </div>
      <Callbacks />
      <Catalogue />
    </div>
  );
}
