import type { Offers } from "../../api/schema";
import { Card } from "../../ui/Card";
import { Facts } from "../../ui/Facts";
import { Chip } from "./OffersCard";
import { canDo } from "./offers";

/** The capabilities of each processor. */
export function ProcessorsCard({ processors, methods }: Pick<Offers, "processors" | "methods">) {
  const labelOf = (code: string) => methods.find((method) => method.code === code)?.label ?? code;
  return processors.map(({ id, capabilities: can }) => (
    <Card key={id} title={`Processor ${id}`} note="Capabilities" testId="plugin-processor">
      <Facts
        facts={[
          ...Object.entries(can.methods).map(([code, flows]): [string, React.ReactNode] => [
            labelOf(code),
            flows.map((flow) => <Chip key={flow}>{flow}</Chip>),
          ]),
          ...canDo(can),
        ]}
      />
    </Card>
  ));
}
