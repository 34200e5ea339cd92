/** `npm run settings`: writes the settings of infra/config/table.ts into the files that show them. */
import { write } from "../rendered";
import { renderers } from "./render";

write(renderers);
