/** Which outputs of resources and look-ups the program reads, found with TypeScript's own knowledge of the SDKs. */
import { createRequire } from "node:module";
import * as path from "node:path";
import * as ts from "typescript";
import { checkout } from "../paths";

export interface PropertyRead {
    /** The token of the resource or function, such as `aws:ecs/service:Service`. */
    readonly token: string;
    readonly property: string;
    readonly where: string;
}

const ofSdk = /node_modules\/@pulumi\/(aws|github)\/(.+)\.d\.ts$/;

/** Every property of a type that an SDK declares which a file of `folder`, or index.ts, reads. */
export function propertiesRead(folder = path.join(checkout, "infra")): PropertyRead[] {
    const { options } = ts.getParsedCommandLineOfConfigFile(path.join(checkout, "tsconfig.json"), {}, host)!;
    const files = [path.join(checkout, "index.ts"), ...ts.sys.readDirectory(folder, [".ts"])];
    const program = ts.createProgram(files, { ...options, noCheck: false });
    const checker = program.getTypeChecker();
    const read: PropertyRead[] = [];
    const visit = (node: ts.Node): void => {
        const names = ts.isPropertyAccessExpression(node)
            ? [node.name]
            : ts.isBindingElement(node)
              ? [node.propertyName ?? node.name]
              : [];
        for (const name of names) {
            const declared = checker.getSymbolAtLocation(name)?.declarations?.[0]?.parent;
            const file = node.getSourceFile();
            const token = declared && tokenOf(declared);
            if (token !== undefined) {
                const { line } = file.getLineAndCharacterOfPosition(node.getStart());
                const where = `${path.relative(checkout, file.fileName)}:${line + 1}`;
                read.push({ token, property: name.getText(), where });
            }
        }
        ts.forEachChild(node, visit);
    };
    files.forEach((file) => visit(program.getSourceFile(file)!));
    return read;
}

const host: ts.ParseConfigFileHost = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
    },
};

/** The token of a resource's class or of a function's result. */
function tokenOf(declaration: ts.Node): string | undefined {
    const [, provider, module] = ofSdk.exec(declaration.getSourceFile().fileName) ?? [];
    if (provider === undefined || module === undefined) {
        return undefined;
    }
    if (ts.isClassDeclaration(declaration) && declaration.name) {
        const loaded = createRequire(__filename)(`@pulumi/${provider}/${module}`) as Record<
            string,
            { __pulumiType?: string }
        >;
        return loaded[declaration.name.text]?.__pulumiType;
    }
    if (ts.isInterfaceDeclaration(declaration) && /^Get\w+Result$/.test(declaration.name.text)) {
        const name = path.basename(module);
        const folder = path.dirname(module) === "." ? "index" : path.dirname(module);
        return `${provider}:${folder}/${name}:${name}`;
    }
    return undefined;
}
