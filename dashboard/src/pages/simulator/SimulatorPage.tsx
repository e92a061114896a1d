import { FlaskConical } from "lucide-react";

import { ButtonLink } from "../../ui/Button";
import { PageHead } from "../../ui/Card";
import { useTitle } from "../../ui/title";
import { Callbacks } from "./Callbacks";
import { Catalogue } from "./Catalogue";
import { ClockCard } from "./ClockCard";
import { DefaultScenario } from "./DefaultScenario";

/** What simulated processors play, and the gateway's clock. */
export function SimulatorPage() {
  useTitle("Simulator");
  return (
    <div className="page">
      <PageHead
        title="Simulator"
        lead="Play every ending a processor knows, and days in a moment."
        actions={
          <ButtonLink to="/dashboard/playground" icon={FlaskConical}>
            Try a payment
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
