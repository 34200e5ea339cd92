import { serve } from "../server";
import { aws } from "./provider";

serve(aws);
