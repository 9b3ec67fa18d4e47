// Serves the pages with made-up answers, for work on their looks: `npm run mock`, then open the printed address.
import { Mock } from "./server.js";

const mock = new Mock();
mock.seedHandover();
mock.seedHandover({ priority: "high" }, { reason_code: "fraud_suspected", language: "en" });
const address = await mock.listen(Number(process.env.PORT ?? 0));
process.stdout.write(`chat  ${address}/\ndesk  ${address}/desk\n`);
