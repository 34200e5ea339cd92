/** Which outputs of resources and look-ups the program reads, found with TypeScript's own knowledge of the SDKs. */
import { createRequire } from "node:module";
import * as path from "node:path";
import * as ts from "typescript";
import { checkout } from "../paths";

export interface PropertyRead {
    /** The token of the resource or function, such as `aws:ecs/service:Service`, or of a type within what it returns. */
    readonly token: string;
    readonly property: string;
    readonly where: string;
}

const ofSdk = /node_modules\/@pulumi\/(aws|github)\/(.+)\.d\.ts$/;

/** Every property of a type that an SDK declares which a file of `folder`, or index.ts, reads. */
export function propertiesRead(folder = path.join(checkout, "infra")): PropertyRead[] {
    const { options } = ts.getParsedCommandLineOfConfigFile(path.join(checkout, "tsconfig.json"), {}, host)!;
    const files = [path.join(checkout, "index.ts"), ...ts.sys.readDirectory(folder, [".ts"])];
    const program = ts.createProgram(files, options);
    const checker = program.getTypeChecker();
    const read: PropertyRead[] = [];
    const visit = (node: ts.Node): void => {
        const property = propertyReadBy(node, checker);
        const declared = property?.declarations?.[0]?.parent;
        const token = declared && tokenOf(declared);
        if (property && token !== undefined) {
            const file = node.getSourceFile();
            const { line } = file.getLineAndCharacterOfPosition(node.getStart());
            read.push({
                token,
                property: property.name,
                where: `${path.relative(checkout, file.fileName)}:${line + 1}`,
            });
        }
        ts.forEachChild(node, visit);
    };
    files.forEach((file) => visit(program.getSourceFile(file)!));
    return read;
}

/** What `a.name`, `{ name }` or `{ name: other }` reads. */
function propertyReadBy(node: ts.Node, checker: ts.TypeChecker): ts.Symbol | undefined {
    if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
        const name = (node.propertyName ?? node.name).getText(); // a shorthand's own symbol is the variable's
        return checker.getTypeAtLocation(node.parent).getProperty(name);
    }
    return ts.isPropertyAccessExpression(node) ? checker.getSymbolAtLocation(node.name) : undefined;
}

const host: ts.ParseConfigFileHost = {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
    },
};

/** The token of a resource's class, of a function's result, or of a type within either. */
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
    if (!ts.isInterfaceDeclaration(declaration)) {
        return undefined;
    }
    const token = (folder: string, name: string) => `${provider}:${folder}/${name}:${name}`;
    if (module === "types/output") {
        const name = declaration.name.text.replace(/^Get/, "get"); // a function's
        return token(ts.isModuleBlock(declaration.parent) ? declaration.parent.parent.name.text : "index", name);
    }
    const folder = path.dirname(module) === "." ? "index" : path.dirname(module);
    return /^Get\w+Result$/.test(declaration.name.text) ? token(folder, path.basename(module)) : undefined;
}
