import { useChooseScenario, useDefaultScenario, useScenarios } from "../../api/simulator";
import { useMay } from "../../roles";
import { RoleButton } from "../../ui/Button";
import { Card } from "../../ui/Card";
import { Loaded } from "../../ui/States";
import { ScenarioPicker } from "./ScenarioPicker";

/** The scenario of payments that name none. */
export function DefaultScenario() {
  const chosen = useDefaultScenario();
  const scenarios = useScenarios();
  const choose = useChooseScenario();
  const may = useMay("developer");
  return (
    <Card title="Default scenario" note="For payments without their own scenario" testId="default-scenario">
      <Loaded query={chosen} rows={3}>
        {({ scenario }) => (
          <div className="form">
            <ScenarioPicker
              label="Scenario"
              none="By instrument"
              hint={scenarios.data?.find(({ name }) => name === scenario)?.description ?? may.reason}
              value={scenario ?? ""}
              onChange={(name) => may.isAllowed && choose.mutate(name || null)}
            />
            {scenario ? (
              <div className="form__actions form__actions--start">
                <RoleButton needs="developer" size="small" busy={choose.isPending} onClick={() => choose.mutate(null)}>
                  Clear
                </RoleButton>
              </div>
            ) : null}
          </div>
        )}
      </Loaded>
    </Card>
  );
}
