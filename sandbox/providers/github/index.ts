import { serve } from "../server";
import { githubProvider } from "./provider";

serve(githubProvider);
